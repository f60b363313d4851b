/* The case page: an act's form opens when its button is pressed, the number is copied, keys, the dispatch panel,
   and entered text in the other script. Without it every form is on the page and every link leads there. */
(() => {
  'use strict';
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const keysOn = document.documentElement.dataset.keys !== 'off';

  /* an act's button jumps to its form, which opens; the first field has the focus */
  const open = () => {
    const name = decodeURIComponent(location.hash.slice(1)), target = name && document.getElementById(name);
    if (!target || !name.startsWith('act-')) return;
    if (target.tagName === 'DETAILS') target.open = true;
    const field = one('select, textarea, input:not([type=hidden]), button', target);
    if (field) field.focus();
    target.scrollIntoView({block: 'center'});
  };
  window.addEventListener('hashchange', open);
  document.addEventListener('click', event => { const link = event.target.closest('a[href^="#act-"]'); if (link && link.getAttribute('href') === location.hash) open(); });
  open();

  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    try { await navigator.clipboard.writeText(button.dataset.copy); } catch { return; }
    const before = button.getAttribute('aria-label');
    button.setAttribute('aria-label', button.dataset.copied); button.classList.add('done');
    setTimeout(() => { button.setAttribute('aria-label', before); button.classList.remove('done'); }, 2000);
  });

  const panel = one('#panel');
  document.addEventListener('htmx:after:swap', () => {
    if (panel && panel.children.length && !panel.open) { panel.showModal(); const first = one('input:checked', panel) || one('textarea, button', panel); if (first) first.focus(); }
  });
  if (panel) panel.addEventListener('close', () => { panel.textContent = ''; });

  document.addEventListener('keydown', event => {
    if (!keysOn || event.isComposing || event.metaKey || event.ctrlKey || event.altKey || one('dialog[open]')) return;
    if (event.target.matches('input,textarea,select')) return;
    const act = {a: () => one('[data-key="assign"]'), c: () => one('#note-text'), p: () => one('[data-print]')}[event.key];
    const target = act && act();
    if (!target) return;
    event.preventDefault();
    if (event.key === 'c') target.focus(); else target.click();
  });

  /* entered text in the other script, on demand: the record itself is never changed; the tables (38 KB) come
     with the first press */
  const button = one('[data-script]');
  const texts = all('[data-entered], .tl li > p').filter(each => /[\u4e00-\u9fff]/.test(each.textContent));
  if (button && texts.length) {
    const kept = texts.map(each => each.textContent), order = ['', ...(document.documentElement.lang === 'zh-Hans' ? ['hans', 'hant'] : ['hant', 'hans'])];
    const label = one('span', button);
    let at = 0;
    const name = () => { const next = order[(at + 1) % order.length]; label.textContent = next === 'hans' ? button.dataset.toHans : next === 'hant' ? button.dataset.toHant : button.dataset.back; };
    const load = () => new Promise((done, failed) => {
      if (window.TownScript) { done(); return; }
      const script = document.createElement('script');
      script.src = button.dataset.script; script.onload = done; script.onerror = failed;
      document.head.append(script);
    });
    button.hidden = false; name();
    button.addEventListener('click', async () => {
      try { await load(); } catch { return; }
      const changed = () => texts.some((each, index) => order[at] && window.TownScript(kept[index], order[at]) !== kept[index]);
      do at = (at + 1) % order.length; while (at && !changed());
      texts.forEach((each, index) => { each.textContent = order[at] ? window.TownScript(kept[index], order[at]) : kept[index]; });
      name();
    });
  }
})();
