/* A field that finds while one types, after the ARIA pattern "combobox with listbox".

   Markup (works without this script as a plain field: a code is typed, or a <select> chosen from):
     <label for="id_unit">Unit</label>
     <input id="id_unit" name="unit" value="511011001" data-combobox="/office/choices/units/">
   or <select id=… name=… data-combobox=…> with its options. What the form sends stays in that element
   (hidden); a new field with its id shows names. Attributes, all optional:
     data-label="東興街道"      the name of the value that is there already (else it is asked for)
     data-with="category area"  fields of the form whose values go with the question (duty register first)
     data-all                   also what is closed or out of use
     data-free="id_spot"        free text: the field itself stays; the chosen value goes into the field with that id,
                                and is emptied when the text no longer begins with what was chosen
   Found by name in either script, code, pinyin initials or full pinyin. Keys: up and down, Enter or Tab take,
   Esc closes, right and left move in the tree; nothing happens while an input method composes.
   Pages include components/combobox_head.html once (style and this script). After a choice the element sends
   `input`, `change` and `combobox:chosen` (detail: the item, with value, label, path, reason, parent, more). */
(() => {
  'use strict';
  const PAUSE = 120;
  let made = 0;
  const element = (name, attributes = {}) => {
    const found = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => found.setAttribute(key, value));
    return found;
  };

  const enhance = base => {
    if (base.dataset.ready) return;
    base.dataset.ready = '1';
    const number = ++made, isFree = base.hasAttribute('data-free');
    const store = isFree ? document.getElementById(base.dataset.free) : base;
    const box = element('div', {class: 'combo'});
    const field = isFree ? base : element('input', {type: 'text', autocomplete: 'off', spellcheck: 'false'});
    const list = element('ul', {id: `combo-${number}`, class: 'combolist', role: 'listbox', hidden: ''});
    const status = element('span', {class: 'vh', role: 'status'});
    const label = document.querySelector(`label[for="${base.id}"]`);
    if (label) list.setAttribute('aria-label', label.textContent.trim());
    base.before(box);
    if (!isFree) {
      ['aria-describedby', 'aria-invalid', 'placeholder', 'autofocus', 'data-slot'].forEach(name => {
        if (base.hasAttribute(name)) { field.setAttribute(name, base.getAttribute(name)); base.removeAttribute(name); }
      });
      field.required = base.required;
      base.required = false;
      field.id = base.id;
      base.id += '-value';
      base.hidden = true;
      base.tabIndex = -1;
      base.removeAttribute('list');
      box.append(base, field, list, status);
    } else box.append(field, list, status);
    Object.entries({role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id, autocomplete: 'off'})
      .forEach(([key, value]) => field.setAttribute(key, value));

    let items = [], active = -1, taken = null, turn = 0, waiting = 0, typed = false, isTree = false;
    const isOpen = () => !list.hidden;
    const address = asked => {
      const url = new URL(base.dataset.combobox, location.href);
      Object.entries(asked).forEach(([key, value]) => url.searchParams.set(key, value));
      (base.dataset.with || '').split(' ').filter(Boolean).forEach(name => {
        const other = base.form && base.form.elements[name];
        if (other && other.value) url.searchParams.set(name, other.value);
      });
      if (base.hasAttribute('data-all')) url.searchParams.set('all', '1');
      return url;
    };
    const ask = async asked => {
      const mine = ++turn;
      try {
        const answer = await fetch(address(asked), {headers: {Accept: 'application/json'}, credentials: 'same-origin'});
        if (!answer.ok || mine !== turn) return null;
        const found = await answer.json();
        return mine === turn ? found : null;
      } catch { return null; /* without the server the field is a plain field */ }
    };
    const close = () => {
      turn++;
      clearTimeout(waiting);
      list.hidden = true;
      status.className = 'vh';
      active = -1;
      isTree = false;
      field.setAttribute('aria-expanded', 'false');
      field.removeAttribute('aria-activedescendant');
    };
    const mark = index => {
      active = index;
      [...list.children].forEach((line, at) => line.setAttribute('aria-selected', String(at === index)));
      if (index < 0) { field.removeAttribute('aria-activedescendant'); return; }
      field.setAttribute('aria-activedescendant', list.children[index].id);
      list.children[index].scrollIntoView({block: 'nearest'});
    };
    const draw = (found, first) => {
      items = found.items;
      status.textContent = found.says;
      /* who sees the page sees it as well that nothing fits */
      status.className = items.length || !field.value.trim() || isFree ? 'vh' : 'combonone';
      list.replaceChildren(...items.map((item, at) => {
        const line = element('li', {id: `combo-${number}-${at}`, role: 'option', 'aria-selected': 'false'});
        const name = element('b'), path = element('span'), why = element('small');
        name.textContent = item.label;
        path.textContent = item.path;
        why.textContent = item.reason;
        line.append(name, ...(item.path ? [path] : []), ...(item.reason ? [why] : []));
        if (item.more) line.classList.add('more');
        return line;
      }));
      list.hidden = !items.length;
      field.setAttribute('aria-expanded', String(isOpen()));
      mark(items.length ? first : -1);
    };
    const set = (value, name) => {
      if (base.tagName === 'SELECT' && value && ![...base.options].some(option => option.value === value)) {
        const extra = base.querySelector('option[data-typed]') || base.appendChild(element('option', {'data-typed': ''}));
        extra.value = value;
        extra.textContent = name || value;
      }
      if (store) store.value = value;
    };
    const tell = item => {
      [store, base].filter((each, at, both) => each && both.indexOf(each) === at).forEach(each => {
        each.dispatchEvent(new Event('input', {bubbles: true}));
        each.dispatchEvent(new Event('change', {bubbles: true}));
      });
      if (item) base.dispatchEvent(new CustomEvent('combobox:chosen', {bubbles: true, detail: item}));
    };
    const take = index => {
      const item = items[index];
      if (!item) return;
      /* free text keeps the name in the place's own language */
      taken = isFree ? {...item, label: item.text || item.label} : item;
      typed = false;
      field.value = taken.label;
      set(item.value, item.label);
      field.removeAttribute('aria-invalid');
      close();
      tell(item);
    };
    const look = async (asked, tree = false, from = '') => {
      const found = await ask(asked);
      if (!found || (document.activeElement !== field)) return;
      if (tree && !found.items.length) return;
      isTree = tree;
      /* a list to choose from offers its first line at once; free text is only completed on request */
      draw(found, isFree && !tree ? -1 : Math.max(0, found.items.findIndex(item => item.value === from)));
    };
    const later = () => { clearTimeout(waiting); waiting = setTimeout(() => look({q: field.value.trim()}), PAUSE); };

    field.addEventListener('input', event => {
      if (event.isComposing || !event.isTrusted) return;
      changed();
    });
    field.addEventListener('compositionend', () => changed());
    const changed = () => {
      typed = true;
      const goesOn = isFree && taken && field.value.startsWith(taken.label);
      if (!goesOn) {
        taken = null;
        /* what was typed and not chosen goes to the server as it is, which says what is wrong with it */
        if (isFree) { if (store) store.value = ''; } else set(field.value.trim());
      }
      if (field.value.trim() && !goesOn) later(); else { close(); if (!field.value.trim()) tell(null); }
    };
    field.addEventListener('keydown', event => {
      if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey) return;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        if (!isOpen()) { look({q: taken ? '' : field.value.trim()}, !isFree && (!field.value || Boolean(taken))); return; }
        const step = event.key === 'ArrowDown' ? 1 : -1;
        mark((active + step + items.length) % items.length);
      } else if (event.key === 'Enter') {
        if (isOpen() && active >= 0) { event.preventDefault(); event.stopPropagation(); take(active); base.dispatchEvent(new CustomEvent('combobox:enter', {bubbles: true})); }
        else if (typed && !isFree && field.value.trim()) { event.preventDefault(); event.stopPropagation(); look({q: field.value.trim()}); }
      } else if (event.key === 'Tab') {
        if (isOpen() && active >= 0 && !event.altKey && !event.shiftKey) take(active);
      } else if (event.key === 'Escape') {
        if (isOpen()) { event.preventDefault(); event.stopPropagation(); close(); }
      } else if (event.key === 'ArrowRight') {
        if (isOpen() && active >= 0 && items[active].more && field.selectionStart === field.value.length) { event.preventDefault(); look({under: items[active].value}, true); }
      } else if (event.key === 'ArrowLeft') {
        if (isOpen() && active >= 0 && items[active].parent && (isTree || field.selectionStart === 0)) { event.preventDefault(); look({beside: items[active].parent}, true, items[active].parent); }
      }
    });
    list.addEventListener('mousedown', event => event.preventDefault());
    list.addEventListener('click', event => {
      const line = event.target.closest('[role=option]');
      if (line) take([...list.children].indexOf(line));
    });
    field.addEventListener('blur', () => {
      close();
      if (!isFree && typed && field.value.trim() && !taken) field.setAttribute('aria-invalid', 'true');
    });

    /* the name of a value that stands there already, or was put back from a draft */
    const name = async () => {
      if (isFree) { taken = store && store.value && field.value ? {label: field.value} : null; return; }
      typed = false;
      taken = null;
      if (!base.value) { field.value = ''; return; }
      if (base.tagName === 'SELECT') { field.value = base.selectedOptions.length ? base.selectedOptions[0].textContent.trim() : ''; taken = {label: field.value}; return; }
      field.value = base.dataset.label || base.value;
      delete base.dataset.label;
      const found = await ask({value: base.value});
      if (found && found.items.length && !typed) { taken = found.items[0]; field.value = taken.label; }
    };
    if (!isFree && base.dataset.label) { field.value = base.dataset.label; taken = {label: field.value}; } else name();
    base.addEventListener('combobox:set', event => { set(event.detail.value, event.detail.label); field.value = event.detail.label; taken = event.detail; typed = false; tell(event.detail); });
    if (base.form) {
      base.form.addEventListener('draft:restored', name);
      base.form.addEventListener('reset', () => setTimeout(name));
    }
  };

  const scan = root => { if (root.querySelectorAll) [root, ...root.querySelectorAll('[data-combobox]')].filter(each => each.matches && each.matches('[data-combobox]')).forEach(enhance); };
  scan(document.documentElement);
  /* also what a part update brings */
  new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(scan))).observe(document.body, {childList: true, subtree: true});
})();
