/**
 * The bytes that a text in base 64 stands for: how a package carries a module that was emitted when it was written.
 *
 * @throws whatever the host throws for other characters.
 * @example
 * ```ts
 * import { bytesFromBase64 } from '@commute/wasm';
 * if (bytesFromBase64('AGFzbQ==').join() !== '0,97,115,109') throw new Error('unreachable');
 * ```
 */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  // In every host that has WebAssembly; typed here so that nobody needs the DOM library of TypeScript.
  const { atob } = globalThis as unknown as { readonly atob: (text: string) => string };
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}
