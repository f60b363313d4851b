/* The desk by keyboard: keys, the live side, phrases, the call's clock. Without it the form posts as it is,
   and "Look for duplicates" shows the side. */
(() => {
  'use strict';
  const form = document.getElementById('call');
  if (!form) return;
  const live = document.getElementById('live'), says = document.getElementById('live-says');
  const one = (selector, root = document) => root.querySelector(selector);
  const field = name => one(`#id_${name}`, form);
  const began = Date.now();
  const PAUSE = 350;

  /* focus: the first thing to ask, or the first thing that was refused */
  const summary = one('.errsum');
  if (!summary) { const first = field('phone') && !field('channel') ? field('phone') : field('category'); if (first) first.focus(); }

  /* the call's clock */
  const timer = one('[data-timer]');
  const tick = () => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    if (timer) timer.textContent = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  };
  if (timer) setInterval(tick, 1000);
  form.addEventListener('submit', () => { const box = form.elements.seconds; if (box) box.value = String(Math.round((Date.now() - began) / 1000)); });

  /* the live side */
  let waiting = 0, turn = 0, last = '';
  const typed = () => { const data = new FormData(form); data.delete('photo'); data.delete('csrfmiddlewaretoken'); data.delete('offered'); data.delete('seconds'); return new URLSearchParams(data).toString(); };
  const look = async () => {
    const now = typed();
    if (now === last) return;
    last = now;
    const mine = ++turn, data = new FormData(form);
    data.delete('photo');
    try {
      const answer = await fetch(form.dataset.live, {method: 'POST', body: data, credentials: 'same-origin', headers: {'X-Requested-With': 'fetch'}});
      if (!answer.ok || answer.redirected || mine !== turn || live.contains(document.activeElement)) return;
      live.innerHTML = await answer.text();
      const count = one('#h-twins .n', live), head = one('#h-twins', live);
      if (head && count && says) says.textContent = head.textContent.replace(/\s+/g, ' ').trim();
      live.dataset.turn = String(mine);
    } catch { last = ''; /* the form works without its side */ }
  };
  form.addEventListener('input', event => { if (event.isComposing) return; clearTimeout(waiting); waiting = setTimeout(look, PAUSE); });
  form.addEventListener('compositionend', () => { clearTimeout(waiting); waiting = setTimeout(look, PAUSE); });
  form.addEventListener('change', () => { clearTimeout(waiting); waiting = setTimeout(look, 60); });
  form.addEventListener('draft:restored', () => { clearTimeout(waiting); waiting = setTimeout(look, 60); });
  if (one('[name=text]', form).value || (field('phone') && field('phone').value)) waiting = setTimeout(look, 60);

  /* a place that is chosen says its area */
  const setChoice = (name, value, label) => {
    const store = one(`#id_${name}-value`, form);
    if (store) store.dispatchEvent(new CustomEvent('combobox:set', {detail: {value, label}}));
    else if (form.elements[name]) { form.elements[name].value = value; form.dispatchEvent(new Event('change')); }
  };
  form.addEventListener('combobox:chosen', event => {
    if (event.target.name === 'where' && event.detail.area) setChoice('area', event.detail.area, event.detail.area_label);
  });
  document.addEventListener('click', event => {
    const set = event.target.closest('[data-set]');
    if (set) { event.preventDefault(); setChoice(set.dataset.set, set.dataset.value, set.dataset.label); field('text').focus(); live.blur(); clearTimeout(waiting); waiting = setTimeout(look, 60); return; }
    const use = event.target.closest('[data-use]');
    if (use) { openAnswer(one('[data-wording]', use.closest('li')).textContent); }
  });

  /* the answer given at once */
  const box = one('[data-answer]');
  if (box && box.hasAttribute('data-shut')) box.classList.add('shut');
  const openAnswer = words => {
    if (!box) return;
    box.classList.remove('shut');
    const area = field('answer');
    if (words) { area.value = words; area.dispatchEvent(new Event('input', {bubbles: true})); }
    area.focus();
  };

  /* phrases */
  const dialog = document.getElementById('phrases'), query = document.getElementById('phrase-q'), list = document.getElementById('phrase-list');
  let found = [], at = 0, asking = 0, target = null;
  const mark = index => {
    at = index;
    [...list.children].forEach((line, n) => line.setAttribute('aria-selected', String(n === index)));
    const line = list.children[index];
    if (line) { query.setAttribute('aria-activedescendant', line.id); line.scrollIntoView({block: 'nearest'}); } else query.removeAttribute('aria-activedescendant');
  };
  const ask = async () => {
    const mine = ++asking, url = new URL(dialog.dataset.find, location.href);
    url.searchParams.set('q', query.value.trim());
    try {
      const answer = await fetch(url, {credentials: 'same-origin'});
      if (!answer.ok || mine !== asking) return;
      found = (await answer.json()).items;
    } catch { found = []; }
    list.replaceChildren(...found.map((each, n) => {
      const line = document.createElement('li'), key = document.createElement('kbd'), text = document.createElement('span');
      line.id = `phrase-${n}`;
      line.setAttribute('role', 'option');
      key.textContent = each.key;
      text.textContent = each.text;
      line.append(key, text);
      return line;
    }));
    one('[data-none]', dialog).hidden = found.length > 0;
    mark(found.length ? 0 : -1);
  };
  const put = index => {
    const phrase = found[index];
    dialog.close();
    if (!phrase || !target) return;
    target.focus();
    target.setRangeText(phrase.text, target.selectionStart, target.selectionEnd, 'end');
    target.dispatchEvent(new Event('input', {bubbles: true}));
  };
  const openPhrases = () => {
    if (!dialog || dialog.open) return;
    target = document.activeElement && document.activeElement.tagName === 'TEXTAREA' ? document.activeElement : field('text');
    query.value = '';
    dialog.showModal();
    query.focus();
    ask();
  };
  if (dialog) {
    query.addEventListener('input', event => { if (!event.isComposing) ask(); });
    query.addEventListener('compositionend', ask);
    query.addEventListener('keydown', event => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === 'ArrowDown' && found.length) { event.preventDefault(); mark((at + 1) % found.length); }
      else if (event.key === 'ArrowUp' && found.length) { event.preventDefault(); mark((at - 1 + found.length) % found.length); }
      else if (event.key === 'Enter') { event.preventDefault(); put(at); }
    });
    list.addEventListener('click', event => { const line = event.target.closest('li'); if (line) put([...list.children].indexOf(line)); });
  }

  /* keys: F2 new, F4 duplicates, F6 phrases, F8 answer, F9 hold, Ctrl+Enter register, Alt+1…5, Alt+K, Alt+A */
  const press = selector => { const button = one(selector); if (button && !button.disabled) { button.click(); return true; } return false; };
  const holdsWords = () => ['phone', 'where', 'text', 'name'].some(name => { const each = form.elements[name]; return each && each.value.trim(); });
  const keys = {
    F2: () => { if (holdsWords() && press('[data-key=hold]')) return; location.assign(form.dataset.new); },
    F4: async () => { last = ''; await look(); const first = one('[data-twin]', live), head = one('#h-twins', live); (first || head || live).focus(); },
    F6: openPhrases,
    F8: () => { if (!box) return; if (field('answer').value.trim()) press('[data-key=answer]'); else openAnswer(''); },
    F9: () => press('[data-key=hold]'),
  };
  document.addEventListener('keydown', event => {
    if (event.isComposing || event.keyCode === 229 || event.metaKey) return;
    if (one('dialog[open]')) return;
    if (event.key === 'Enter' && event.ctrlKey) { event.preventDefault(); press('[data-key=submit]'); return; }
    if (event.altKey && !event.ctrlKey) {
      if (/^Digit[1-5]$/.test(event.code)) { event.preventDefault(); press(`[data-twin="${event.code.slice(5)}"]`); }
      else if (event.code === 'KeyK') { event.preventDefault(); press('#live [data-set=category]'); }
      else if (event.code === 'KeyA') { event.preventDefault(); press('#live [data-use]'); }
      return;
    }
    if (event.ctrlKey || event.shiftKey) return;
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  form.addEventListener('click', event => {
    const button = event.target.closest('[data-key]');
    if (!button) return;
    if (button.dataset.key === 'look') { event.preventDefault(); keys.F4(); }
    else if (button.dataset.key === 'phrases') openPhrases();
    else if (button.dataset.key === 'answer' && box && !field('answer').value.trim()) { event.preventDefault(); openAnswer(''); }
  });
  /* Enter in a line goes on to the next one and never sends the form */
  form.addEventListener('keydown', event => {
    if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.defaultPrevented) return;
    if (!event.target.matches('input:not([type=submit]):not([type=file])')) return;
    event.preventDefault();
    forward(event.target);
  });
  form.addEventListener('combobox:enter', event => forward(event.target));
  const forward = from => {
    const line = [...form.elements].filter(each => !each.disabled && !each.hidden && each.type !== 'hidden' && each.tabIndex >= 0 && each.offsetParent !== null && each.matches('input,textarea,select,button'));
    const here = line.indexOf(from) >= 0 ? from : from.closest('.combo') && one('[role=combobox]', from.closest('.combo'));
    const next = line[line.indexOf(here) + 1];
    if (next) next.focus();
  };

  /* a point from this device, on request only */
  const locate = one('[data-locate]');
  if (locate) {
    if (!navigator.geolocation) locate.hidden = true;
    locate.addEventListener('click', () => navigator.geolocation.getCurrentPosition(found => {
      field('point').value = `${found.coords.latitude.toFixed(6)}, ${found.coords.longitude.toFixed(6)}`;
      field('point').dispatchEvent(new Event('input', {bubbles: true}));
    }, () => { locate.disabled = true; }, {enableHighAccuracy: true, timeout: 10000}));
  }
})();
