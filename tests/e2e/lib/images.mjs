// Small images of every kind that Steam shows, and a server that hands them out.
import fs from "node:fs";
import http from "node:http";
import { once } from "node:events";

const fixture = (name) => fs.readFileSync(new URL(`../../fixtures/artwork/${name}`, import.meta.url));

export const PNG = fixture("one.png");
export const JPEG = fixture("one.jpg");
export const WEBP = fixture("one.webp");
export const GIF = fixture("one.gif");
export const ICO = fixture("one.ico");
export const HTML = fixture("page.html");

/** An image that differs from others of its kind by what follows its first bytes. */
export const variant = (image, text) => Buffer.concat([image, Buffer.from(text)]);

/**
 * A server on 127.0.0.1. `routes`: path → bytes, or (request, response) => void. A path that has
 * no route is 404. `url(path)` is a link to it; `asked` lists the paths that were asked for.
 */
export async function serveImages(t, routes) {
  const asked = [];
  const server = http.createServer((request, response) => {
    const route = routes[request.url];
    asked.push(request.url);
    if (typeof route === "function") {
      route(request, response);
    } else if (route) {
      response.end(route);
    } else {
      response.writeHead(404).end("no such image");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: (path) => `http://127.0.0.1:${server.address().port}${path}` };
}
