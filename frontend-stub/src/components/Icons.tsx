import type { ReactNode } from "react";

/** `label`: for screen readers; without one the icon is decoration. */
interface IconProps {
  label?: string;
}

const icon = (shape: ReactNode) =>
  function Icon({ label }: IconProps) {
    return (
      <svg
        viewBox="0 0 24 24"
        width="1em"
        height="1em"
        fill="none"
        stroke="currentColor"
        strokeWidth={2}
        strokeLinecap="round"
        strokeLinejoin="round"
        role={label ? "img" : undefined}
        aria-label={label}
        aria-hidden={!label}
        style={{ display: "block" }}
      >
        {shape}
      </svg>
    );
  };

/** A game dropping into a Deck. */
export const PluginIcon = icon(
  <>
    <path d="M12 3v9m0 0-4-4m4 4 4-4" />
    <rect x="2" y="12" width="20" height="9" rx="3" />
    <path d="M6 16.5h.01M18 16.5h.01M10 16.5h4" />
  </>,
);
export const PlayIcon = icon(<path d="M7 4.5v15l12-7.5z" />);
export const PageIcon = icon(<path d="M4 5h16v14H4zM4 9h16M8 13h8m-8 3h5" />);
export const BackIcon = icon(<path d="M19 6v12l-8-6zM11 6v12l-8-6z" />);
export const DeleteIcon = icon(<path d="M4 7h16M9 7V4h6v3m3 0-1 13H7L6 7m4 4v5m4-5v5" />);
export const RestoreIcon = icon(<path d="M4 5v5h5M4.6 10a8 8 0 1 1-.5 4" />);
export const UnpairIcon = icon(
  <path d="M9 15l-2 2a3.5 3.5 0 0 1-5-5l3-3m10 0 2-2a3.5 3.5 0 0 1 5 5l-3 3M4 4l16 16" />,
);
export const EditIcon = icon(<path d="M4 20l1-5L16 4l4 4L9 19zM13 7l4 4" />);
export const GoodIcon = icon(<path d="M5 13l4 4L19 7" />);
export const BadIcon = icon(<path d="M12 4L2.5 20h19zM12 10v4m0 3h.01" />);
export const HintIcon = icon(<path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-10v5m0-8h.01" />);
