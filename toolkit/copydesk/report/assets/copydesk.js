// A page works without this. With it, a live one shows what changed, and what stands behind a link can be seen beside it.
"use strict";

const EVERY = 3000;

/** Ask the server for what stands in the middle of a page; null where it has not answered. */
async function part(href) {
  try {
    const answer = await fetch(href, { headers: { "X-Part": "1" } });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** Put new content in a place; who stood on something that has an id stands there again. */
function put(place, html) {
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...place.querySelectorAll("details[open][id]")].map((one) => one.id));
  place.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus();
}

function live(main) {
  let before = null;
  setInterval(async () => {
    if (document.hidden) return;
    const html = await part(main.dataset.live + location.search);
    main.classList.toggle("stale", html === null);
    if (html !== null && html !== before && before !== null) put(main, html);
    before = html ?? before;
  }, EVERY);
}

for (const main of document.querySelectorAll("main[data-live]")) live(main);
