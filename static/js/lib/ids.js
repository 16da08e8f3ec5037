/** 128 random bits as 32 hex characters; `crypto.randomUUID` is missing on plain http. */
export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
