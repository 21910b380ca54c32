// What runs on this machine besides the tests. scripts/alone hides it where it can; where it cannot, tests
// that it would disturb are skipped and say why.
import fs from "node:fs";

/** As native/overlay/overlay_display.c knows a session by. */
const SESSION_PROGRAMS = ["plasmashell", "kwin_x11", "kwin_wayland", "gnome-shell", "xfce4-session", "openbox", "steam"];

/** Processes of our user: {pid, name, words}. */
function* processes() {
  for (const pid of fs.readdirSync("/proc").filter(Number)) {
    try {
      if (fs.statSync(`/proc/${pid}`).uid === process.getuid()) {
        const name = fs.readFileSync(`/proc/${pid}/comm`, "utf8").trim();
        yield { pid, name, words: fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") };
      }
    } catch {
      // it has gone meanwhile
    }
  }
}

function find(what, matches) {
  if (process.env.CAPYDECK_OWN_PROCESSES) {
    return false; // whatever there is belongs to the tests
  }
  const found = [...processes()].find(matches);
  return found ? `${what} is running here (process ${found.pid}) and cannot be hidden on this machine` : false;
}

/** For tests that restart Steam, which a game prevents; false: there is none. */
export const gameOfOthers = () =>
  find("a game of Steam's", ({ words }) => words[words.indexOf("SteamLaunch") + 1]?.startsWith("AppId="));

/** For tests that want no screen, which a session's programs would show; false: there is none. */
export const sessionOfOthers = () => find("a session's program", ({ name }) => SESSION_PROGRAMS.includes(name));
