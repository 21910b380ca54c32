import { languages, table } from "./table.js";
import type { Language, TextKey } from "./table.js";

/** Steam's names of the languages that the table has. */
const steamLanguages: Record<string, Language> = {
  english: "en",
  german: "de",
  spanish: "es",
  latam: "es",
  french: "fr",
  japanese: "ja",
  portuguese: "pt",
  brazilian: "pt",
  schinese: "zh",
  tchinese: "zh",
};

type Values = Partial<Record<string, string | number>>;

/** Letters and marks that may change the order of what stands around them. */
const REORDERING = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff]/;

/** A name from right to left keeps its place in a sentence from left to right, and the reverse. */
const isolated = (value: string): string =>
  REORDERING.test(value) ? `\u2068${value}\u2069` : value;

/** The texts of one language; the same object as long as the language is. */
export class Texts {
  constructor(readonly language: Language) {}

  get = (key: TextKey, values: Values = {}): string => {
    const text = table[key][languages.indexOf(this.language)] ?? table[key][0];
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => isolated(String(values[name] ?? whole)));
  };

  /** A text whose key comes from the agent, which may be newer; undefined: there is none. */
  find = (key: string, values: Values = {}): string | undefined =>
    Object.hasOwn(table, key) ? this.get(key as TextKey, values) : undefined;

  /** The name of a setting; of one that is newer than this plugin, its key. */
  setting = (key: string): string => this.find(key) ?? key;

  /** "7 days" */
  days = (count: number): string =>
    new Intl.NumberFormat(this.language, {
      style: "unit",
      unit: "day",
      unitDisplay: "long",
    }).format(count);
}

/** `name`: Steam's ("german") or a locale ("de-AT"). English is for everybody else. */
export function languageOf(name: string): Language {
  const prefix = name.slice(0, 2).toLowerCase();
  return steamLanguages[name] ?? languages.find((language) => language === prefix) ?? "en";
}
