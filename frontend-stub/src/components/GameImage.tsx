import { useEffect, useRef, useState } from "react";

import { colors } from "./style.js";

interface GameImageProps {
  /** Changes when another image may be there. */
  version: number;
  /** Resolves to an image's address, or to "". */
  load: () => Promise<string>;
}

const WIDTH = 40;
const HEIGHT = 60;

/** A game's portrait, asked for when it is seen: of many games, most are further down. */
export function GameImage({ version, load }: GameImageProps) {
  const [address, setAddress] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let isWanted = true;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) {
        observer.disconnect();
        void latest.current().then((loaded) => isWanted && setAddress(loaded));
      }
    });
    if (box.current) {
      observer.observe(box.current);
    }
    return () => {
      isWanted = false;
      observer.disconnect();
    };
  }, [version]);
  return (
    <div
      ref={box}
      style={{
        width: WIDTH,
        height: HEIGHT,
        flex: "none",
        borderRadius: 2,
        overflow: "hidden",
        background: colors.track,
      }}
    >
      {address && (
        <img
          src={address}
          alt=""
          onError={() => setAddress("")}
          style={{ width: "100%", height: "100%", objectFit: "cover", display: "block" }}
        />
      )}
    </div>
  );
}
