// A page works without this. With it, a live one shows what changed, and what stands behind a link can be seen beside it.
"use strict";

const EVERY = 3000;

/** Ask the server for what stands in the middle of a page; null where it does not answer. */
async function part(href, tag = "") {
  try {
    return await fetch(href, { headers: { "X-Part": "1", "If-None-Match": tag } });
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
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await part(main.dataset.live + location.search, main.dataset.tag);
    main.classList.toggle("stale", !answer || answer.status >= 400);
    if (!answer?.ok) return;
    main.dataset.tag = answer.headers.get("ETag");
    put(main, await answer.text());
  }, EVERY);
}

for (const main of document.querySelectorAll("main[data-live]")) live(main);
