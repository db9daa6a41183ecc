/** Whether the primary pointer is coarse, so that focusing a field opens an on-screen keyboard. */
export function isTouchDevice(): boolean {
  return window.matchMedia('(pointer: coarse)').matches;
}
