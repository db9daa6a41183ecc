/** Whether one points by finger, and types on glass. */
export function isTouch(): boolean {
  return window.matchMedia('(pointer: coarse)').matches;
}
