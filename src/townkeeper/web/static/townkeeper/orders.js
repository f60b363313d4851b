/* The units of a new order: find one by name or pinyin initials, Enter chooses it, a whole kind at once, and how many there are.
   Without this file the units are plain lists. */
(() => {
  'use strict';
  const field = document.querySelector('[data-units]');
  if (!field) return;
  const one = (what, from = field) => from.querySelector(what);
  const all = (what, from = field) => [...from.querySelectorAll(what)];
  const items = all('li[data-typed]'), groups = all('details');
  const count = one('[data-units-count]'), said = one('[data-units-said]'), seek = one('#seek-unit');
  const wasOpen = groups.map(group => group.open);
  const box = item => one('[name=unit]', item);

  const tell = () => {
    const number = items.filter(item => box(item).checked).length;
    count.hidden = !number;
    count.textContent = count.dataset.words.replace('#', number);
  };
  const found = () => items.filter(item => !item.hidden);
  const find = () => {
    const words = seek.value.trim().toLowerCase();
    items.forEach(item => { item.hidden = Boolean(words) && !item.dataset.typed.toLowerCase().includes(words); });
    groups.forEach((group, n) => {
      const has = all('li[data-typed]', group).some(item => !item.hidden);
      group.hidden = !has;
      group.open = words ? has : wasOpen[n] || all('[name=unit]:checked', group).length > 0;
    });
    const left = found();
    said.textContent = words ? left.slice(0, 3).map(item => one('.check span', item).textContent).join(', ') || '0' : '';
  };

  one('[data-units-seek]').hidden = false;
  seek.addEventListener('input', event => { if (!event.isComposing) find(); });
  seek.addEventListener('compositionend', find);
  seek.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    const item = seek.value.trim() && found()[0];
    if (!item) return;
    box(item).checked = !box(item).checked;
    box(item).dispatchEvent(new Event('change', { bubbles: true }));
    said.textContent = one('.check span', item).textContent + (box(item).checked ? ' ✓' : ' –');
    seek.select();
  });
  groups.forEach(group => {
    const line = one('[data-units-all]', group), boxes = all('[name=unit]', group);
    line.hidden = boxes.length < 2;
    one('button', line).addEventListener('click', () => {
      const shown = boxes.filter(each => !each.closest('li').hidden);
      const on = shown.some(each => !each.checked);
      shown.forEach(each => { each.checked = on; });
      boxes[0].dispatchEvent(new Event('change', { bubbles: true }));
    });
  });
  field.addEventListener('change', tell);
  addEventListener('pageshow', tell);
  tell();
})();
