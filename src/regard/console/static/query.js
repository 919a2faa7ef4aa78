// The picture is shown and made smaller before it is sent: what the camera wrote into it stays on the telephone.
const LONGEST = 2048; // pixels
const form = document.getElementById("picture-form");

function listed(file) {
  const list = new DataTransfer();
  list.items.add(file);
  return list.files;
}

// An iPhone's HEIC is read by Safari alone, and by some of its versions only as an image of the page.
async function read(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    const image = new Image();
    image.src = URL.createObjectURL(file);
    try {
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(image.src);
    }
  }
}

if (form) {
  const input = form.elements.namedItem("picture");
  const original = form.elements.namedItem("original");
  const button = form.querySelector("button");
  const canvas = form.querySelector("canvas");
  let chosen = null;

  async function prepare() {
    if (!chosen) return;
    const file = chosen;
    button.disabled = true;
    try {
      const picture = await read(file);
      const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.parentElement.hidden = false;
      const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
      if (file !== chosen) return; // another was chosen meanwhile
      input.files = listed(original.checked || !smaller ? file : new File([smaller], "picture.jpg", { type: "image/jpeg" }));
    } catch {
      input.files = listed(file); // no picture that this browser reads: the server says what to do
      canvas.parentElement.hidden = true;
    } finally {
      button.disabled = false;
    }
  }

  input.addEventListener("change", () => {
    chosen = input.files[0] ?? null;
    prepare();
  });
  original.addEventListener("change", prepare);
}

for (const figure of document.querySelectorAll("[data-jpeg]")) {
  const bytes = Uint8Array.from(atob(figure.dataset.jpeg), (letter) => letter.charCodeAt(0));
  const image = document.createElement("img");
  image.alt = figure.dataset.alt;
  image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  figure.append(image);
  figure.hidden = false;
}
