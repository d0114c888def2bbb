// Texts of a drawing belong inside the rectangle that is drawn beside them; others are not cut off.
() => {
  const found = []
  const root = document.scrollingElement
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} px wide`)
  const shown = (box) => box.width > 0 && box.height > 0
  for (const text of document.querySelectorAll('svg text')) {
    const frame = text.parentElement.querySelector(':scope > rect')
    const [inner, outer] = [text, frame ?? text.ownerSVGElement].map((one) => one.getBoundingClientRect())
    if (!shown(inner) || !shown(outer)) continue
    const across = inner.left < outer.left - 1 || inner.right > outer.right + 1
    if (across || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1)
      found.push(`"${text.textContent}" leaves its box`)
  }
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('svg') || element.scrollWidth <= element.clientWidth + 1) continue
    const how = getComputedStyle(element)
    const clipped = how.overflowX === 'hidden' || how.textOverflow === 'ellipsis'
    if (clipped && element.clientWidth > 1) found.push(`"${element.textContent.slice(0, 60)}" is clipped`)
  }
  return found
}
