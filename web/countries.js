// Foreign destinations by the digits with which their numbers begin: ITU-T E.164 assignments, as a person chooses them by name. Pure.

/**
 * Digits, then the regions (ISO 3166) that have them. A region may have several, several regions may share one.
 */
const PLAN = `
1 US CA|1242 BS|1246 BB|1264 AI|1268 AG|1284 VG|1340 VI|1345 KY|1441 BM|1473 GD|1649 TC|1658 JM|1664 MS|1670 MP|1671 GU|1684 AS|1721 SX|1758 LC|1767 DM
1784 VC|1787 PR|1809 DO|1829 DO|1849 DO|1868 TT|1869 KN|1876 JM|1939 PR
20 EG|211 SS|212 MA EH|213 DZ|216 TN|218 LY|220 GM|221 SN|222 MR|223 ML|224 GN|225 CI|226 BF|227 NE|228 TG|229 BJ|230 MU|231 LR|232 SL|233 GH|234 NG
235 TD|236 CF|237 CM|238 CV|239 ST|240 GQ|241 GA|242 CG|243 CD|244 AO|245 GW|246 IO|247 AC|248 SC|249 SD|250 RW|251 ET|252 SO|253 DJ|254 KE|255 TZ
256 UG|257 BI|258 MZ|260 ZM|261 MG|262 RE YT|263 ZW|264 NA|265 MW|266 LS|267 BW|268 SZ|269 KM|27 ZA|290 SH TA|291 ER|297 AW|298 FO|299 GL
30 GR|31 NL|32 BE|33 FR|34 ES|350 GI|351 PT|352 LU|353 IE|354 IS|355 AL|356 MT|357 CY|358 FI AX|359 BG|36 HU|370 LT|371 LV|372 EE|373 MD|374 AM|375 BY
376 AD|377 MC|378 SM|379 VA|380 UA|381 RS|382 ME|383 XK|385 HR|386 SI|387 BA|389 MK|39 IT VA
40 RO|41 CH|420 CZ|421 SK|423 LI|43 AT|44 GB GG IM JE|45 DK|46 SE|47 NO SJ|48 PL|49 DE
500 FK|501 BZ|502 GT|503 SV|504 HN|505 NI|506 CR|507 PA|508 PM|509 HT|51 PE|52 MX|53 CU|54 AR|55 BR|56 CL|57 CO|58 VE|590 GP BL MF|591 BO|592 GY|593 EC
594 GF|595 PY|596 MQ|597 SR|598 UY|599 CW BQ
60 MY|61 AU CX CC|62 ID|63 PH|64 NZ|65 SG|66 TH|670 TL|672 NF AQ|673 BN|674 NR|675 PG|676 TO|677 SB|678 VU|679 FJ|680 PW|681 WF|682 CK|683 NU|685 WS|686 KI
687 NC|688 TV|689 PF|690 TK|691 FM|692 MH
76 KZ|77 KZ
81 JP|82 KR|84 VN|850 KP|852 HK|853 MO|855 KH|856 LA|86 CN|880 BD|886 TW
90 TR|91 IN|92 PK|93 AF|94 LK|95 MM|960 MV|961 LB|962 JO|963 SY|964 IQ|965 KW|966 SA|967 YE|968 OM|970 PS|971 AE|972 IL|973 BH|974 QA|975 BT|976 MN|977 NP
98 IR|992 TJ|993 TM|994 AZ|995 GE|996 KG|998 UZ`;

/** Of no country, and parts of one that cost extra: these have words of the page, `dest_` and the digits. */
export const SPECIAL = ["870", "878", "881", "882", "883", "979", "1900", "449", "4470"];

/** @type {[string, string[]][]} */
const CODES = PLAN.trim().split(/[|\n]/).map((entry) => {
  const [code = "", ...regions] = entry.split(" ");
  return [code, regions];
});

/**
 * @typedef {{ key: string, codes: string[], name: string, also: string }} Place
 *   `key`: the regions, or the digits where they are no country's; `codes`: all its digits; `also`: what people call it besides
 * @typedef {(key: string) => string} Named says a special destination in words; empty: it has none
 */

/**
 * Every place that may be chosen, by name.
 * @param {string} language
 * @param {Named} special
 * @param {string} [also] what people call them besides: "US USA, GB England"
 * @returns {Place[]}
 */
export function places(language, special, also = "") {
  const others = Object.fromEntries(also.split(", ").map((entry) => [entry.slice(0, 2), entry.slice(3)]));
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const [code, regions] of CODES) found.set(regions.join(" "), [...(found.get(regions.join(" ")) ?? []), code]);
  const named = [...found].map(([key, codes]) => ({ key, codes, name: countryNames(key, language), also: key.split(" ").map((region) => others[region] ?? "").join(" ") }));
  const rest = SPECIAL.map((code) => ({ key: code, codes: [code], name: special(code), also: "" }));
  return [...named, ...rest].sort((one, other) => one.name.localeCompare(other.name, language));
}

/**
 * What a list of digits means: places whose digits are all there, then the digits that are left over as they are.
 * @param {string[]} list
 * @param {Place[]} all
 * @returns {Place[]}
 */
export function chosen(list, all) {
  const whole = all.filter(({ codes }) => codes.every((code) => list.includes(code)));
  const covered = new Set(whole.flatMap(({ codes }) => codes));
  const rest = list.filter((code) => !covered.has(code));
  return [...whole, ...rest.map((code) => ({ key: code, codes: [code], name: inside(code, all), also: "" }))];
}

/**
 * The place within which such numbers are; empty: none.
 * @param {string} code
 * @param {Place[]} all
 */
function inside(code, all) {
  const within = all.flatMap(({ codes, name }) => codes.filter((own) => code.startsWith(own)).map((own) => ({ own, name })));
  return within.sort((one, other) => other.own.length - one.own.length)[0]?.name ?? "";
}

/**
 * Places that a person may mean: by the beginning of a word of the name, or by digits.
 * @param {string} typed
 * @param {Place[]} all
 * @param {string[]} list those chosen already
 */
export function matching(typed, all, list) {
  const words = plain(typed.trim());
  const digits = prefix(typed);
  const free = all.filter(({ codes }) => !codes.every((code) => list.includes(code)));
  if (!words) return free;
  if (digits) return free.filter(({ codes }) => codes.some((code) => code.startsWith(digits)));
  const begins = (/** @type {string} */ text) => plain(text).startsWith(words) || plain(text).split(/[\s,(«“-]+/).some((part) => part.startsWith(words));
  return free.filter(({ name, also }) => begins(name) || begins(also.trim()));
}

/** Without the differences that nobody types. @param {string} text */
function plain(text) {
  return text.toLowerCase().replaceAll("\u0451", "\u0435");
}

/**
 * The digits that somebody typed as a destination: +375, 810 375, 375; empty: they are none.
 * @param {string} typed
 */
export function prefix(typed) {
  const bare = typed.replaceAll(/[\s()-]/g, "").replace(/^(\+|810|00)/, "");
  return /^\d{1,15}$/.test(bare) ? bare : "";
}

/** @type {Record<string, Intl.DisplayNames>} */
const SPEAKERS = {};

/**
 * @param {string} regions
 * @param {string} language
 */
function countryNames(regions, language) {
  const speaker = (SPEAKERS[language] ??= new Intl.DisplayNames([language], { type: "region", fallback: "code" }));
  return regions.split(" ").map((region) => speaker.of(region) ?? region).join(", ");
}
