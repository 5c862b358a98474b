// What a press does beside what was pressed.

const STEADY_PX = 6;

/** A button that keeps the focus would take Space and Enter, which play the clip and refine. */
export function leaveButtons() {
  document.addEventListener("pointerup", ({ target }) => {
    const button = target.closest?.("button");
    if (button && !button.closest("#root")) setTimeout(() => button.blur());
  });
}

/** A row that is drawn anew under the hand is still the one that was pressed: the browser would drop the click. */
export function keepPresses() {
  let began = null;
  document.addEventListener("pointerdown", (event) => { began = event.button === 0 ? event : null; }, true);
  document.addEventListener("pointerup", (event) => {
    const { target, clientX, clientY } = began ?? {};
    began = null;
    if (!target || target.isConnected) return;
    if (Math.hypot(event.clientX - clientX, event.clientY - clientY) <= STEADY_PX) target.click();
  }, true);
}
