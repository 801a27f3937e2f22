// An HTML element with attributes and children. Text arrives as data and enters the page as text, never as HTML.

function element(tag, attributes, children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "size") made.style.setProperty("--size", value);
    else made.setAttribute(name, value);
  }
  made.append(...(children ?? [])); // Strings become text nodes.
  return made;
}

