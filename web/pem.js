// What files of a certificate hold, in whatever way they were put into files: certificates to one side, the key to the other.

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * @param {string[]} files their texts
 * @returns {{ certificate: string, key: string }} each as PEM; empty: there is none
 */
export function sorted(files) {
  const found = { certificate: "", key: "" };
  for (const text of files) {
    for (const [block, label = ""] of text.matchAll(BLOCK)) {
      if (label === "CERTIFICATE") found.certificate += `${block}\n`;
      else if (label.endsWith("PRIVATE KEY")) found.key += `${block}\n`;
    }
  }
  return found;
}

/**
 * A file's text: some certificates are saved as bare bytes.
 * @param {Uint8Array} bytes
 */
export function asPem(bytes) {
  const text = new TextDecoder().decode(bytes);
  if (text.includes("-----BEGIN") || bytes[0] !== 0x30) return text;
  const coded = btoa(bytes.reduce((all, byte) => all + String.fromCharCode(byte), ""));
  return `-----BEGIN CERTIFICATE-----\n${coded.match(/.{1,64}/g)?.join("\n")}\n-----END CERTIFICATE-----\n`;
}
