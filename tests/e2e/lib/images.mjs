// Small images of every kind that Steam shows, and a server that hands them out.
import fs from "node:fs";
import http from "node:http";
import { once } from "node:events";
import zlib from "node:zlib";

const fixture = (name) => fs.readFileSync(new URL(`../../fixtures/artwork/${name}`, import.meta.url));

export const PNG = fixture("one.png");
export const JPEG = fixture("one.jpg");
export const WEBP = fixture("one.webp");
export const GIF = fixture("one.gif");
export const ICO = fixture("one.ico");
export const HTML = fixture("page.html");

/** An image that differs from others of its kind by what follows its first bytes. */
export const variant = (image, text) => Buffer.concat([image, Buffer.from(text)]);

const pngChunk = (type, data) => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(zlib.crc32(body));
  return Buffer.concat([length, body, crc]);
};

/** A PNG that a browser shows. `pixels`: RGB, three bytes a pixel; default: a gradient. */
export function png(width, height, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // bits of a sample, RGB
  const rows = Array.from({ length: height }, (_, y) => {
    const plain = Buffer.alloc(width * 3, Buffer.of((255 * y) / height, 80, 160));
    const row = pixels ? pixels.subarray(y * width * 3, (y + 1) * width * 3) : plain;
    return Buffer.concat([Buffer.of(0), row]); // no filter
  });
  const data = zlib.deflateSync(Buffer.concat(rows));
  const chunks = [pngChunk("IHDR", header), pngChunk("IDAT", data), pngChunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]);
}

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
