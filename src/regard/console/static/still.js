// Fetches a camera's still anew every two seconds, one at a time, while somebody can see it.
const still = document.querySelector("[data-still]");
const [picture, none] = [still.querySelector("img"), still.querySelector("p")];

async function renew() {
  if (!document.hidden) {
    const answer = await fetch(still.dataset.still, { headers: { "HX-Request": "true" } }).catch(() => null);
    const shown = Boolean(answer?.ok && answer.headers.get("Content-Type")?.startsWith("image/"));
    if (shown) {
      const before = picture.src;
      picture.src = URL.createObjectURL(await answer.blob());
      URL.revokeObjectURL(before);
    }
    picture.hidden = !shown;
    none.hidden = shown;
  }
  setTimeout(renew, 2000);
}
renew();
