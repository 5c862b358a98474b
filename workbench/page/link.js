// What the window says comes in hidden elements; what the user does goes out through hidden widgets.

const listeners = {};
const shown = {};
const latest = {};

/** Call `listen` with every new piece of state of a channel, and with the newest one now. */
export function on(channel, listen) {
  (listeners[channel] ??= []).push(listen);
  if (channel in latest) listen(latest[channel]);
}

function scan() {
  for (const element of document.querySelectorAll("#root .nh-data")) {
    const { name, json } = element.dataset;
    if (shown[name] === json) continue;
    shown[name] = json;
    latest[name] = JSON.parse(json);
    for (const listen of listeners[name] ?? []) listen(latest[name]);
  }
}

export function start() {
  new MutationObserver(scan).observe(document.getElementById("root"), { childList: true, subtree: true });
  scan();
}

/** Give a hidden widget a value; the window checks it like that of any other widget. */
export function send(widget, value) {
  const uuid = latest.widgets?.[widget];
  const page = window.__viserMutable;
  if (uuid && page) page.sendMessage({ type: "GuiUpdateMessage", uuid, updates: { value } });
}

/** Press one of the window's named buttons. */
export function press(name) {
  send(name, name);
}

/** Let only the newest of many quick calls through, at most one for each picture of the screen. */
export function newest(call) {
  let waiting = null;
  return (...values) => {
    if (waiting === null) requestAnimationFrame(() => { const now = waiting; waiting = null; call(...now); });
    waiting = values;
  };
}

/** Make an element: `make("button", { class: "nh-b", title: "..." }, child, "text")`. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Make a button with an icon; its title is also its name. */
export function iconButton(icon, title, onclick, extra = "") {
  return make("button", { class: `nh-b ${extra}`, title, "aria-label": title, onclick }, make("i", { class: `nh-i nh-i-${icon}` }));
}
