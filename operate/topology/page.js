'use strict'
const panel = document.getElementById('panel')
const details = document.getElementById('details')
let origin = null

function open(id, from) {
  const template = [...document.querySelectorAll('template')].find((each) => each.dataset.of === id)
  if (!template) return
  if (!panel.contains(from)) origin = from
  details.replaceChildren(template.content.cloneNode(true))
  for (const part of document.querySelectorAll('[data-id]')) part.classList.toggle('chosen', part.dataset.id === id)
  panel.hidden = false
  panel.scrollTop = 0
  document.getElementById('close').focus()
}

function close() {
  if (panel.hidden) return
  panel.hidden = true
  for (const part of document.querySelectorAll('.chosen')) part.classList.remove('chosen')
  if (origin) origin.focus()
}

document.addEventListener('click', (event) => {
  const part = event.target.closest('[data-id]')
  if (part) open(part.dataset.id, part)
  else if (event.target.id === 'close') close()
})

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') close()
  const part = event.target.closest('g[data-id]')
  if (!part) return
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault()
    open(part.dataset.id, part)
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
  if (step) {
    event.preventDefault()
    const parts = [...document.querySelectorAll('g[data-id]')]
    parts[(parts.indexOf(part) + step + parts.length) % parts.length].focus()
  }
})
