import { IPC_FAILED, IpcError } from "./methods.js";

interface Part {
  /** Base64. */
  data: string;
  /** Of the whole. */
  bytes: number;
}

/** Something that comes in parts, whole, in base64; rejects if it ends before that many bytes. */
export async function joinParts(
  read: (offset: number) => Promise<Part>,
  announced = 1,
): Promise<string> {
  const parts: string[] = [];
  let offset = 0;
  let bytes = announced;
  while (offset < bytes) {
    const part = await read(offset);
    bytes = Math.max(part.bytes, announced);
    // Only the end may be padded.
    const isEnd = offset + byteLength(part.data) >= bytes;
    const data = isEnd ? part.data : wholeTriplets(part.data);
    if (data === "" && offset < bytes) {
      throw new IpcError(IPC_FAILED, `the image is shorter than the announced ${bytes} bytes`);
    }
    parts.push(data);
    offset += byteLength(data);
  }
  return parts.join("");
}

const byteLength = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);

const wholeTriplets = (base64: string): string =>
  base64.endsWith("=") ? base64.slice(0, -4) : base64;
