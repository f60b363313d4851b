/* The work list by keys and by many: X selects, D dispatches, R sends back, E asks for more time; the bar of
   what is selected; the dispatch panel as a dialog. Without it each row still has its box, its link and its page. */
(() => {
  'use strict';
  const keysOn = document.documentElement.dataset.keys !== 'off';
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const boxes = () => all('input[name=case][form=batch]');

  const count = () => {
    const bar = one('#batch');
    if (!bar) return;
    const chosen = boxes().filter(box => box.checked), whole = one('[data-pick-all]');
    boxes().forEach(box => box.closest('tr').classList.toggle('picked', box.checked));
    bar.classList.toggle('on', chosen.length > 0);
    one('[data-batch-count]', bar).textContent = chosen.length ? bar.dataset.count.replace('%(n)s', chosen.length) : '';
    if (whole) { whole.checked = chosen.length > 0 && chosen.length === boxes().length; whole.indeterminate = chosen.length > 0 && !whole.checked; }
  };
  document.addEventListener('change', event => {
    if (event.target.matches('[data-pick-all]')) boxes().forEach(box => { box.checked = event.target.checked; });
    if (event.target.matches('[data-pick-all], input[name=case]')) count();
  });
  document.addEventListener('reset', () => setTimeout(count));
  window.addEventListener('pageshow', count);
  document.documentElement.classList.add('has-list');

  /* the dispatch panel: fetched by htmx, shown as a dialog, closed with the focus back on its button */
  document.addEventListener('htmx:after:swap', () => {
    const panel = one('#panel');
    if (panel && panel.children.length && !panel.open) { panel.showModal(); const first = one('input:checked', panel) || one('textarea, button', panel); if (first) first.focus(); }
    count();
  });
  const panel = one('#panel');
  if (panel) panel.addEventListener('close', () => { panel.textContent = ''; });

  /* after an act from the panel the list goes on at the same row: the next case has moved up to it */
  const rows = () => all('[data-keylist] tbody tr'), kept = 'townkeeper-row';
  let from = -1;
  document.addEventListener('click', event => { const link = event.target.closest('[data-dispatch]'); if (link) from = rows().indexOf(link.closest('tr')); });
  document.addEventListener('submit', event => { if (panel && panel.contains(event.target) && from >= 0) sessionStorage.setItem(kept, `${location.pathname} ${from}`); });
  const [path, at] = (sessionStorage.getItem(kept) || '').split(' ');
  if (path === location.pathname) {
    const row = rows()[Math.min(Number(at), rows().length - 1)], link = row && one('a', row);
    sessionStorage.removeItem(kept);
    if (link && !one('.errsum')) { row.setAttribute('aria-current', 'true'); link.focus({preventScroll: true}); row.scrollIntoView({block: 'nearest'}); }
  }

  document.addEventListener('keydown', event => {
    if (!keysOn || event.isComposing || event.metaKey || event.ctrlKey || event.altKey || one('dialog[open]')) return;
    if (event.target.matches('input:not([type=checkbox]),textarea,select')) return;
    const row = one('[data-keylist] tbody tr[aria-current=true]');
    if (!row) return;
    if (event.key === 'x') { const box = one('input[name=case]', row); if (box) { box.checked = !box.checked; count(); } }
    else if (event.key === 'd') { const link = one('[data-dispatch]', row); if (link) { event.preventDefault(); link.click(); } }
    else if (event.key === 'r' && row.dataset.back) location.href = row.dataset.back;
    else if (event.key === 'e' && row.dataset.extend) location.href = row.dataset.extend;
  });
  /* on a narrow page the view in force may lie beyond the edge */
  const showTab = () => all('.tabs [aria-current]').forEach(tab => { const row = tab.parentElement; row.scrollLeft = tab.offsetLeft - row.offsetLeft - 40; });
  document.addEventListener('htmx:after:swap', showTab);
  showTab();
  count();
})();
