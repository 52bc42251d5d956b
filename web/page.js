/** Keeps the page up to date: the server sends the inside of each part that changed. */

const connection = byId("connection");
const announcement = byId("announcement");
const RETRY_MS = 2000;
const health = byId("health");
const time = new Intl.DateTimeFormat("sv-SE", { timeZone: health.dataset.timeZone, timeStyle: "medium" });
/** When the server was last heard. */
let heardMs = Date.now();

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}

function connect() {
  const source = new EventSource("/live");
  source.addEventListener("open", () => {
    connection.textContent = "";
  });
  source.addEventListener("part", (event) => {
    const { id, html } = JSON.parse(event.data);
    heardMs = Date.now();
    replace(byId(id), html);
    announce();
  });
  source.addEventListener("error", () => {
    connection.textContent = "Connection lost, retrying";
    tellLost();
    // A browser gives up by itself when the answer is no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

/**
 * Leaves alone what somebody is copying, and keeps how far a table is scrolled and what has the focus.
 * @param {HTMLElement} element
 * @param {string} html
 */
function replace(element, html) {
  const selection = document.getSelection();
  if (selection && !selection.isCollapsed && selection.containsNode(element, true)) return;
  const before = element.querySelector(".scroll");
  const focused = before !== null && before === document.activeElement;
  const left = before?.scrollLeft ?? 0;
  element.innerHTML = html;
  const after = element.querySelector(".scroll");
  if (!(after instanceof HTMLElement)) return;
  after.scrollLeft = left;
  if (focused) after.focus({ preventScroll: true });
}

/** What is shown is of then, whatever the state has become. */
function tellLost() {
  const state = health.querySelector(".state:not(.lost)");
  if (state === null) return;
  state.className = "state lost";
  state.textContent = `As of ${time.format(heardMs)}`;
}

/** The state is said when it changes, the numbers beside it never. */
function announce() {
  const state = document.querySelector("#health .state")?.textContent ?? "";
  if (announcement.textContent !== state) announcement.textContent = state;
}

connect();
