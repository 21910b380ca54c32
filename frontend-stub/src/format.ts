/** Numbers as Steam writes them: powers of ten, three digits, a unit. */
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** "999 B", "1.23 GB", "45.6 MB", "789 MB" */
export function formatBytes(bytes: number, language: string): string {
  let value = Math.max(bytes, 0);
  let unit = 0;
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) {
    value /= 1000;
  }
  const decimals = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${formatNumber(value, decimals, language)} ${UNITS[unit]}`;
}

/** "12.3 MB/s"; empty while nothing is moving. */
export const formatSpeed = (bytesPerSecond: number, language: string): string =>
  bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond, language)}/s` : "";

/** "< 1 min", "12 min", "3 h 05 min"; empty if unknown. */
export function formatTimeLeft(bytesLeft: number, bytesPerSecond: number): string {
  if (bytesPerSecond <= 0 || bytesLeft < 0) {
    return "";
  }
  const minutes = Math.ceil(bytesLeft / bytesPerSecond / 60);
  if (minutes <= 1) {
    return "< 1 min";
  }
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 100 ? `${hours} h ${String(minutes % 60).padStart(2, "0")} min` : "";
}

/** Never 100 before everything has arrived. */
export const percentOf = (done: number, total: number): number =>
  total <= 0 ? 0 : done >= total ? 100 : Math.min(Math.floor((100 * done) / total), 99);

/** "42 %" in the language's format */
export const formatPercent = (percent: number, language: string): string =>
  new Intl.NumberFormat(language, { style: "percent" }).format(percent / 100);

/** "Nov 21", "21. Nov."; with the year unless it is the current one. */
export function formatDate(unixSeconds: number, language: string, now = Date.now()): string {
  const date = new Date(unixSeconds * 1000);
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year }).format(date);
}

/** "123 456", as it is read aloud */
export const formatCode = (code: string): string => code.replace(/^(\d{3})(\d{3})$/, "$1\u2009$2");

/** An address to type into a Hub: "192.168.1.5:9999", "[fe80::1]:9999" */
export const formatAddress = (address: string, port: number): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

/** The address to type: the first, IPv6 only if there is nothing else; "" without a network. */
export function typedAddress({ addresses, port }: { addresses: string[]; port: number }): string {
  const address = addresses.find((text) => !text.includes(":")) ?? addresses[0];
  return address === undefined ? "" : formatAddress(address, port);
}

const formatNumber = (value: number, decimals: number, language: string): string =>
  new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value);
