// What the page uses of web/lib/qr.js, for tsc.
/** A code: dark or light at each place, from 0 to size − 1; outside it is light. */
export interface Code {
  size: number;
  get(x: number, y: number): boolean;
}
export function generate(text: string): Code;
