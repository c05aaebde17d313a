/** Length of a digest in bytes. */
export const DIGEST_BYTES = 32 as const;
