// What is wrong with the layout of the page as it is now, as sentences. Only what is shown counts.
({ targets: measuresTargets, overlaps: findsOverlaps }) => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const name = (node) => `<${node.tagName.toLowerCase()} class="${node.className.baseVal ?? node.className}"> ${node.textContent.trim().replace(/\s+/g, " ").slice(0, 40)}`;
  const isShown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const scrolls = ".table, .table-frame, .batch-list, .sheet, .outcome";
  const all = [...document.querySelectorAll("header *, main *")].filter((node) =>
    isShown(node) && !node.closest(".unseen, .skip, svg *, option") && node.getBoundingClientRect().width > 1);

  if (document.documentElement.scrollWidth > width) found.push(`scrolls sideways: ${document.documentElement.scrollWidth} of ${width}`);
  for (const node of all) {
    if (node.closest(scrolls) && !node.matches(scrolls)) continue;
    const box = node.getBoundingClientRect();
    if (box.left < -1 || box.right > width + 1) found.push(`sticks out ${Math.round(box.left)}…${Math.round(box.right)}: ${name(node)}`);
    const style = getComputedStyle(node);
    if (style.overflowX === "hidden" && style.textOverflow !== "ellipsis" && node.scrollWidth > node.clientWidth + 1 && !node.matches(".sheet, .bar nav .badge")) found.push(`cut: ${name(node)}`);
    // What one taps is never shortened; names of people and clinics may be.
    if (style.textOverflow === "ellipsis" && node.scrollWidth > node.clientWidth + 1 && node.closest("button, summary, .palette-open")) found.push(`shortened: ${name(node)}`);
    if (style.textOverflow !== "ellipsis" && !style.display.startsWith("inline") && [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim())) {
      const words = document.createRange();
      words.selectNodeContents([...node.childNodes].find((each) => each.nodeType === 3 && each.textContent.trim()));
      const text = words.getBoundingClientRect();
      const isRound = parseFloat(style.borderRadius) >= box.width / 2 && Math.abs(box.width - box.height) < 2;
      const isOutside = isRound ? Math.hypot(text.width, text.height) > box.width : text.left < box.left - 1 || text.right > box.right + 1;
      if (isOutside && text.width) found.push(`words outside their box: ${name(node)}`);
    }
  }

  // From an iPad on, no column of a table is to be found by scrolling alone. Larger letters may need it.
  if (width >= 1024 && parseFloat(getComputedStyle(document.documentElement).fontSize) <= 16) {
    for (const node of document.querySelectorAll(".table, .table-frame")) {
      if (isShown(node) && node.scrollWidth > node.clientWidth + 1) found.push(`hides columns, ${node.scrollWidth} of ${node.clientWidth}: ${name(node)}`);
    }
  }

  const ids = [...document.querySelectorAll("[id]:not([type=hidden])")].map((node) => node.id);
  for (const id of new Set(ids.filter((each, place) => ids.indexOf(each) !== place))) found.push(`id used twice: ${id}`);

  // A label is part of the target of its field.
  const boxOf = (node) => {
    const label = node.matches("input[type=checkbox], input[type=radio]") && node.closest("label");
    return (label || node).getBoundingClientRect();
  };
  const targets = all.filter((node) => node.matches("a[href], button, summary, select, textarea, input:not([type=hidden])"));
  // A link within a sentence is exempt (WCAG 2.5.8), and in a dense table 24 px do.
  const isInText = (node) => node.matches("a") && getComputedStyle(node).display === "inline"
    && [...node.parentElement.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
  for (const node of targets) {
    if (!measuresTargets || isInText(node)) continue;
    const { width: wide, height: high } = boxOf(node);
    const least = node.closest("table") ? 24 : 44;
    if (high < least - 0.5 || wide < Math.min(least, 24)) found.push(`small ${Math.round(wide)}x${Math.round(high)}: ${name(node)}`);
  }
  // Heard without what stands around it, a name leads to one place (a fragment of the same page counts as it).
  const named = new Map();
  for (const node of targets.filter((each) => measuresTargets && each.matches("a, button, summary") && !each.closest("header.bar, td"))) {
    const form = node.form && [...node.form.querySelectorAll("input[type=hidden]")].filter((each) => !["csrf_token", "key", "seen"].includes(each.name));
    const goal = node.matches("a") ? node.href.split("#")[0] : node.form ? `${node.form.action} ${node.name} ${node.value} ${form.map((each) => each.value)}` : node.parentElement.id;
    const what = `${node.tagName} ${(node.getAttribute("aria-label") || node.textContent).trim().replace(/\s+/g, " ")}`;
    if (named.has(what) && named.get(what) !== goal) found.push(`same name for two: ${what}`);
    named.set(what, goal);
  }
  if (!findsOverlaps) return found;
  const floats = new Map([[null, false]]);
  const isFloating = (node) => {
    if (!floats.has(node)) floats.set(node, ["fixed", "absolute", "sticky"].includes(getComputedStyle(node).position) || isFloating(node.parentElement));
    return floats.get(node);
  };
  const still = targets.filter((node) => !isFloating(node) && !isInText(node) && !node.parentElement.closest(scrolls)).map((node) => [node, boxOf(node)]);
  still.forEach(([one, a], place) => {
    for (const [other, b] of still.slice(place + 1)) {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across <= 2 || down <= 2 || one.contains(other) || other.contains(one) || one.closest("label")?.contains(other)) continue;
      found.push(`overlap ${Math.round(across)}x${Math.round(down)}: ${name(one)} | ${name(other)}`);
    }
  });
  return found;
}
