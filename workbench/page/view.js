// The icons over the 3D view, and the strip that the right dock folds to.

import { iconButton, make, on, press } from "./link.js";

const SWITCHES = [
  ["skeleton", "skeleton", "Skeleton, colored by error"], ["ghosts", "ghosts", "Ghosts of the frames around"],
  ["depth errors", "depth", "Expected errors in depth"], ["trajectory", "trajectory", "Trajectory of the pelvis"], ["ground", "ground", "Ground"],
  ["camera", "frustum", "Video camera"], ["backdrop", "backdrop", "Frame behind the person"], ["sphere", "sphere", "Orientation sphere"], ["truth", "truth", "True poses"],
];

export function buildView() {
  const bar = make("div", { id: "nh-view", role: "toolbar", "aria-label": "3D view" });
  bar.append(iconButton("frame", "Frame the person", () => press("frame person")));
  const buttons = {};
  const add = (name, icon, words) => {
    buttons[name] = iconButton(icon, words, () => press(`flip ${name}`));
    bar.append(buttons[name]);
  };
  add("follow", "follow", "Follow the person");
  add("from camera", "camera", "View from the video camera");
  bar.append(make("span", { class: "gap" }));
  for (const [name, icon, words] of SWITCHES) add(name, icon, words);
  document.body.append(bar);
  on("view", (now) => {
    for (const [name, button] of Object.entries(buttons)) {
      button.classList.toggle("on", Boolean(now[name]));
      button.setAttribute("aria-pressed", String(Boolean(now[name])));
    }
    buttons.truth.hidden = !now.has_truth;
    buttons["depth errors"].hidden = !now.has_avatar;
  });
  buildRightFold();
}

function buildRightFold() {
  const fold = () => document.body.classList.toggle("nh-right-folded");
  document.body.append(
    iconButton("right", "Fold the stages", fold),
    make("button", { class: "nh-strip", id: "nh-right-strip", title: "Unfold the stages", "aria-label": "Unfold the stages", onclick: fold },
      make("i", { class: "nh-i nh-i-left" }), make("span", {}, "Stages")));
  document.body.querySelector('[aria-label="Fold the stages"]').id = "nh-fold-right";
  // The user may drag the dock's edge: what stands beside it goes along.
  const observer = new ResizeObserver(([{ target }]) => {
    const width = target.getBoundingClientRect().width;
    if (width > 0) document.documentElement.style.setProperty("--nh-right", `${width}px`);
  });
  const find = new MutationObserver(() => {
    const dock = document.querySelector('[data-dock-region="right"]');
    if (dock && dock !== find.dock) { find.dock = dock; observer.disconnect(); observer.observe(dock); }
  });
  find.observe(document.getElementById("root"), { childList: true, subtree: true });
}
