// The window of keys and gestures.

import { iconButton, make, on } from "./link.js";

const NAMES = { arrowleft: "←", arrowright: "→", pageup: "Page ↑", pagedown: "Page ↓", escape: "Esc", enter: "Enter", space: "Space", home: "Home", end: "End" };
const GESTURES = [
  ["Drag on the timeline", "scrub"], ["Shift-drag on the timeline", "range to refine"],
  ["Double-click on the timeline", "whole clip"], ["Click on a joint, in 3D or in the picture", "select"],
  ["Drag, right-drag, wheel in 3D", "orbit, pan, zoom"], ["W A S D Q E, arrows in 3D", "fly"],
  ["Commands", "Ctrl K"],
];

export function openHelp() {
  document.getElementById("nh-help").classList.add("open");
}

export function buildHelp() {
  const close = () => help.classList.remove("open");
  const list = make("ul");
  const help = make("div", { id: "nh-help", role: "dialog", "aria-label": "Keys and gestures" },
    make("div", { onclick: (event) => event.stopPropagation() },
      make("h2", {}, "Keys and gestures", make("span", { class: "nh-grow" }), iconButton("close", "Close help", close)), list));
  help.addEventListener("click", close);
  document.body.append(help);
  on("keys", ({ keys }) => {
    const rows = [...keys.filter((row) => row[1]).map(([words, key]) => [words, NAMES[key] ?? key]), ...GESTURES];
    list.replaceChildren(...rows.map(([words, key]) => make("li", {}, make("span", {}, words), make("kbd", {}, key))));
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, [contenteditable]");
    if (event.key === "?" && !isTyping) openHelp();
    if (event.key === "Escape" && help.classList.contains("open")) { close(); event.stopImmediatePropagation(); }
  }, true);
}
