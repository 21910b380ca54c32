import { joinParts } from "./base64.js";
import type { Methods } from "./methods.js";

type ReadArtwork = (
  params: Methods["games.artwork"]["params"],
) => Promise<Methods["games.artwork"]["result"]>;

/** The image to show a game with, as the address of an <img>; "" if there is none. */
export async function artworkOf(read: ReadArtwork, dir: string): Promise<string> {
  try {
    let type = "";
    const data = await joinParts(async (offset) => {
      const part = await read({ dir, offset });
      type = part.imageType;
      return part;
    });
    return data && `data:image/${type === "jpg" ? "jpeg" : type};base64,${data}`;
  } catch {
    return ""; // it is only decoration
  }
}
