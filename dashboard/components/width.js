// Tells whether the page has become too narrow for names beside a chart, or wide enough for them. Nothing is drawn.

export default function render({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".comparison");
  let told = data.is_narrow;
  const watcher = new ResizeObserver(() => {
    const isNarrow = root.clientWidth < data.below;
    if (root.clientWidth === 0 || isNarrow === told) return; // No width: the page is being taken away.
    told = isNarrow;
    setStateValue("narrow", isNarrow);
  });
  root.watcher?.disconnect();
  root.watcher = watcher;
  watcher.observe(root);
  return () => watcher.disconnect();
}
