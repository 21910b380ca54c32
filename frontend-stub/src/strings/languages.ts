export const languages = ["en", "de", "es", "fr", "ja", "pt", "zh"] as const;

export type Language = (typeof languages)[number];

/** One text, in the order of `languages`. */
export type Row = readonly [string, string, string, string, string, string, string];

/** As those who speak them write them. */
export const languageNames: Record<Language, string> = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  ja: "日本語",
  pt: "Português",
  zh: "中文",
};
