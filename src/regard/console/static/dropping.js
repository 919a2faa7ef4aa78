// A picture that is dropped or pasted becomes that of the form, whose sending is left to the person.
const field = document.querySelector("[data-drop]");
const input = field?.querySelector("input[type=file]");

function take(files) {
  const pictures = [...files].filter((file) => file.type.startsWith("image/"));
  if (!pictures.length) return;
  const chosen = new DataTransfer();
  for (const file of input.multiple ? pictures : pictures.slice(0, 1)) chosen.items.add(file);
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

if (input) {
  for (const name of ["dragenter", "dragover"]) {
    field.addEventListener(name, (event) => { event.preventDefault(); field.dataset.over = "yes"; });
  }
  for (const name of ["dragleave", "drop"]) field.addEventListener(name, () => delete field.dataset.over);
  field.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files ?? []));
}
