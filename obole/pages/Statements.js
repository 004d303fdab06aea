// @ts-check
// Opens and closes the accounts below a rubric. Fava imports this once and swaps pages below it, so the document
// listens; what the reader opened stays open when the year or the language changes.

/** @type {Set<string>} */
const open = new Set();

/** @returns {HTMLButtonElement[]} */
const rubrics = () => [...document.querySelectorAll("table.statements button[aria-controls]")];

/** @param {HTMLButtonElement} rubric @param {boolean} expanded */
function show(rubric, expanded) {
  const id = rubric.getAttribute("aria-controls");
  const accounts = document.getElementById(id);
  rubric.setAttribute("aria-expanded", String(expanded));
  accounts.hidden = !expanded;
  if (expanded) open.add(id);
  else open.delete(id);
}

/** The button for all says what it will do next. */
function labelAll() {
  const all = document.querySelector(".obole button[data-expand]");
  if (!(all instanceof HTMLButtonElement)) return;
  const collapse = rubrics().every((rubric) => rubric.getAttribute("aria-expanded") === "true");
  all.textContent = collapse ? all.dataset.collapse : all.dataset.expand;
  all.dataset.next = collapse ? "collapse" : "expand";
}

/** @param {MouseEvent} event */
function clicked(event) {
  if (!(event.target instanceof Element) || !event.target.closest(".obole")) return;
  const all = event.target.closest("button[data-expand]");
  if (all instanceof HTMLButtonElement) {
    for (const rubric of rubrics()) show(rubric, all.dataset.next !== "collapse");
    labelAll();
  } else if (event.target.closest("button[data-print]")) {
    window.print();
  } else {
    // The whole row of a rubric answers to the mouse; the keyboard has the button in it.
    const rubric = event.target.closest("tbody.rubric")?.querySelector("button[aria-controls]");
    if (rubric instanceof HTMLButtonElement && !window.getSelection()?.toString()) {
      show(rubric, rubric.getAttribute("aria-expanded") !== "true");
      labelAll();
    }
  }
}

export default {
  init() {
    document.addEventListener("click", clicked);
  },
  onExtensionPageLoad() {
    for (const rubric of rubrics()) show(rubric, open.has(rubric.getAttribute("aria-controls")));
    labelAll();
  },
};
