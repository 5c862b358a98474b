// The bottom of the page: transport, the strip of frames, the status line.

import { iconButton, make, newest, on, press, send } from "./link.js";
import { drawStrip } from "./strip.js";

const SHOWN = [["initial", "Initial", "Initial poses (1)"], ["refined", "Refined", "Refined poses (2)"], ["both", "Both", "Both (3)"]];

export function buildTimeline() {
  const strip = buildStrip();
  document.body.append(make("footer", { id: "nh-time" }, buildTransport(), strip, buildStatus()));
}

function textButton(words, title, onclick) {
  return make("button", { class: "nh-b", title, "aria-label": title, onclick }, words);
}

function group(...buttons) {
  return make("div", { class: "nh-group" }, ...buttons);
}

function buildTransport() {
  const play = iconButton("play", "Play or pause (Space)", () => press("play"));
  const speed = make("span", { class: "nh-num nh-dim", style: "min-width:34px;text-align:center" }, "1×");
  const frame = make("span", { class: "frame nh-num" });
  const caption = make("div", { id: "nh-caption", class: "nh-grow" });
  const clear = iconButton("range", "Refine the whole clip", () => press("whole clip"));
  const loop = iconButton("loop", "Loop inside the range", () => press("loop"));
  const shown = SHOWN.map(([name, words, title]) =>
    make("button", { class: "nh-b", title, onclick: () => press(`show ${name}`) }, words));
  let isHeld = false; // Under the hand, older answers of the window may not move the readout.
  on("head", (head) => {
    play.firstChild.className = `nh-i nh-i-${head.playing ? "pause" : "play"}`;
    speed.textContent = `${head.speed}×`;
    loop.classList.toggle("on", head.loops);
    loop.setAttribute("aria-pressed", String(head.loops));
    if (!isHeld) showFrame(frame, head.frame, head);
    shown.forEach((button, index) => {
      button.classList.toggle("on", SHOWN[index][0] === head.shown);
      button.disabled = !head.refined && SHOWN[index][0] !== "initial";
    });
  });
  on("strip", (now) => {
    caption.textContent = now.caption ? `${now.caption} · up to ${now.largest} · the worst tenth is red` : "";
    clear.hidden = loop.hidden = !now.range;
    clear.title = now.range ? `Refined: frames ${now.range[0]} to ${now.range[1]}; press for the whole clip` : "";
  });
  document.addEventListener("nh-scrub", (event) => {
    isHeld = event.detail.frame !== null;
    if (isHeld) showFrame(frame, event.detail.frame, event.detail.head);
  });
  return make("div", { id: "nh-transport", role: "toolbar", "aria-label": "Transport" },
    group(iconButton("first", "First frame (Home)", () => press("first")),
      iconButton("back", "One frame back (J)", () => press("back")), play,
      iconButton("on", "One frame on (L)", () => press("on")),
      iconButton("last", "Last frame (End)", () => press("last"))),
    frame,
    group(textButton("−", "Slower", () => press("slower")), speed, textButton("+", "Faster", () => press("faster"))),
    group(iconButton("previous", "Previous bad frame (P)", () => press("previous bad")),
      iconButton("worst", "Worst frame (X)", () => press("worst")),
      iconButton("next", "Next bad frame (N)", () => press("next bad"))),
    group(...shown), loop, clear, caption);
}

function showFrame(element, frame, head) {
  const last = Math.max(head.frames - 1, 0);
  const seconds = head.fps > 0 ? ` · ${(frame / head.fps).toFixed(2)} s` : "";
  element.replaceChildren(make("b", {}, String(frame)), make("span", { class: "nh-dim" }, ` / ${last}${seconds}`));
}

function buildStrip() {
  const canvas = make("canvas", { role: "img", "aria-label": "Timeline", title: "Drag to scrub; shift-drag for the range to refine" });
  const box = make("div", { id: "nh-strip-box" }, canvas);
  const state = { strip: null, head: null, scrubbed: null, range: null };
  const draw = newest(() => drawStrip(canvas, state));
  const seek = newest((frame) => send("seek", frame));
  on("strip", (strip) => { state.strip = strip; draw(); });
  on("head", (head) => { state.head = head; draw(); });
  new ResizeObserver(draw).observe(box);
  const frameAt = (event) => {
    const room = canvas.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - room.left) / room.width, 0), 0.999999);
    return Math.floor(share * Math.max(state.head?.frames ?? 1, 1));
  };
  // The thumb follows the pointer at once, whatever the window is busy with.
  const tell = (frame) => document.dispatchEvent(new CustomEvent("nh-scrub", { detail: { frame, head: state.head } }));
  const scrub = (frame) => {
    state.scrubbed = frame;
    tell(frame);
    seek(frame);
    draw();
  };
  const letGo = () => {
    if (state.scrubbed !== null) tell(null);
    state.range = state.scrubbed = null;
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!state.head || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const frame = frameAt(event);
    if (event.shiftKey) { state.range = [frame, frame]; draw(); } else scrub(frame);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (state.range) { state.range[1] = frameAt(event); draw(); }
    else if (state.scrubbed !== null) { const frame = frameAt(event); if (frame !== state.scrubbed) scrub(frame); }
  });
  const end = () => {
    if (state.range) send("range", [Math.min(...state.range), Math.max(...state.range)]);
    letGo();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", letGo);
  canvas.addEventListener("dblclick", () => state.strip?.range && press("whole clip"));
  return box;
}

function buildStatus() {
  const line = make("div", { id: "nh-status", role: "status", "aria-label": "Status" });
  let head = null, status = null;
  const draw = () => {
    if (!status) return;
    const viewers = status.viewers === 1 ? "1 viewer" : `${status.viewers} viewers`;
    const parts = [status.step, status.rate, head ? `frame ${head.frame} of ${Math.max(head.frames - 1, 0)}` : ""];
    line.replaceChildren(make("span", { class: `word ${status.mood}` }, status.word),
      ...parts.filter(Boolean).map((words) => make("span", { class: "nh-num" }, words)),
      make("span", { class: "nh-grow" }), make("span", {}, status.device), make("span", {}, viewers));
  };
  on("head", (now) => { head = now; draw(); });
  on("status", (now) => { status = now; draw(); });
  return line;
}
