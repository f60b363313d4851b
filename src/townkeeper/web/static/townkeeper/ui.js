/* Small behaviours of every page. Nothing here is needed to read or to submit: without it forms
   still post and links still lead; it adds keys, dialogs, running clocks and menus that close. */
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const keysOn = document.documentElement.dataset.keys !== 'off';

  /* dialogs: native, so that focus returns to the opener */
  document.addEventListener('click', event => {
    const opener = event.target.closest('[data-open]');
    if (opener) { const dialog = document.getElementById(opener.dataset.open); if (dialog) dialog.showModal(); return; }
    const closer = event.target.closest('[data-close]');
    if (closer) { const box = closer.closest('dialog'); if (box) box.close(); else closer.closest('.toast').remove(); return; }
    if (event.target.closest('[data-print]')) { window.print(); return; }
    all('details.who[open]').forEach(menu => { if (!menu.contains(event.target)) menu.open = false; });
  });

  /* a filter form sends itself when a choice is made (htmx where it is loaded, a plain post otherwise) */
  document.addEventListener('change', event => {
    const form = event.target.closest('form[data-auto]');
    if (form && event.target.matches('select')) form.requestSubmit();
  });

  /* a part update that failed is tried once more as a whole page, which shows what is wrong */
  ['htmx:error', 'htmx:response:error'].forEach(name => document.addEventListener(name, event => {
    const form = event.target.closest && event.target.closest('form[data-auto]');
    if (form) form.submit();
  }));

  /* running clocks: plain text once a minute, no live region */
  const words = JSON.parse(document.body.dataset.words || '{}');
  const skew = Date.parse(document.body.dataset.now || '') - Date.now() || 0;
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const span = seconds => {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (minutes < 1) return words.under;
    if (hours < 1) return fill(words.m, {minutes});
    if (days < 1) return minutes % 60 ? fill(words.hm, {hours, minutes: minutes % 60}) : fill(words.h, {hours});
    return hours % 24 ? fill(words.dh, {days, hours: hours % 24}) : fill(words.d, {days});
  };
  const tick = () => {
    const now = Date.now() + skew;
    all('[data-due]').forEach(element => {
      const due = Date.parse(element.dataset.due), warn = Date.parse(element.dataset.warn || '');
      const left = (due - now) / 1000, box = element.closest('.due,.clock,.pclock');
      element.textContent = left >= 0 ? fill(words.left, {span: span(left)}) : fill(words.over, {span: span(-left)});
      if (box) {
        box.classList.toggle('o', left < 0);
        box.classList.toggle('y', left >= 0 && warn <= now);
      }
    });
  };
  if (words.left) setInterval(tick, 60000);

  /* lists: J and K move, Enter opens (it is a link), / searches, ? shows the keys */
  const rows = () => { const body = one('[data-keylist] tbody'); return body ? [...body.rows].filter(row => one('a', row)) : []; };
  const move = step => {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex(row => row.getAttribute('aria-current') === 'true');
    const next = at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(list.length - 1, at + step));
    if (at >= 0) list[at].removeAttribute('aria-current');
    list[next].setAttribute('aria-current', 'true');
    one('a', list[next]).focus({preventScroll: true});
    list[next].scrollIntoView({block: 'nearest'});
  };
  const follow = selector => { const link = one(selector); if (link) link.click(); };
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') all('details.who[open]').forEach(menu => { menu.open = false; one('summary', menu).focus(); });
    if (!keysOn || event.isComposing || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.target.matches('input:not([type=checkbox]),textarea,select') || one('dialog[open]')) return;
    if (event.key === 'j') move(1);
    else if (event.key === 'k') move(-1);
    else if (event.key === '[') follow('[data-key="previous"]');
    else if (event.key === ']') follow('[data-key="next"]');
    else if (event.key === '/') { const box = document.getElementById('q'); if (box) { event.preventDefault(); box.focus(); box.select(); } }
    else if (event.key === '?') { const dialog = document.getElementById('keys'); if (dialog) dialog.showModal(); }
  });

  /* a long rail shows where one is */
  const here = one('.side .nav [aria-current="page"]');
  if (here && here.offsetTop > window.innerHeight - 100) here.closest('.side').scrollTop = here.offsetTop - window.innerHeight / 2;

  /* after a failed form, start reading at the summary */
  const summary = one('.errsum');
  if (summary) summary.focus();
})();
