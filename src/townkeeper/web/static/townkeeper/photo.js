/* Photos before they are sent: place and time are read first, then the picture is made smaller, and what the
   camera wrote (EXIF) is put into the smaller file again, so that the server can check it. Nothing here is needed:
   without it the photos are sent as they are. Inputs with data-shrink are looked after by themselves. */
(() => {
  'use strict';
  const EDGE = 1600, QUALITY = .82, SMALL = 500000, HEAD = 262144;

  /* the EXIF part of a JPEG: where it lies, place, time, and where the orientation is written */
  const readExif = async file => {
    try {
      const view = new DataView(await file.slice(0, HEAD).arrayBuffer());
      if (view.byteLength < 4 || view.getUint16(0) !== 0xFFD8) return {};
      for (let at = 2; at + 10 < view.byteLength;) {
        const mark = view.getUint16(at), length = view.getUint16(at + 2);
        if (mark === 0xFFE1 && view.getUint32(at + 4) === 0x45786966 && at + 2 + length <= view.byteLength) {
          return {...readTags(view, at + 10), segment: view.buffer.slice(at, at + 2 + length), start: at};
        }
        if ((mark & 0xFF00) !== 0xFF00 || mark === 0xFFDA) break;
        at += 2 + length;
      }
    } catch { /* tags that cannot be read say nothing */ }
    return {};
  };
  const readTags = (view, base) => {
    const little = view.getUint16(base) === 0x4949, found = {};
    const short = at => view.getUint16(at, little), long = at => view.getUint32(at, little);
    const each = (at, use) => { for (let n = 0, count = short(at); n < count; n += 1) { const entry = at + 2 + n * 12; use(short(entry), long(entry + 4), entry + 8); } };
    const text = (count, at) => { const from = count > 4 ? base + long(at) : at; let said = ''; for (let n = 0; n < count - 1; n += 1) said += String.fromCharCode(view.getUint8(from + n)); return said; };
    const part = (at, n) => long(base + long(at) + n * 8) / long(base + long(at) + n * 8 + 4);
    const degrees = at => part(at, 0) + part(at, 1) / 60 + part(at, 2) / 3600;
    each(base + long(base + 4), (tag, _count, at) => {
      if (tag === 0x0112) found.turn = at;
      if (tag === 0x8825) {
        let south, west, lat, lon;
        each(base + long(at), (inner, count, place) => {
          if (inner === 1) south = text(count, place) === 'S';
          if (inner === 2) lat = degrees(place);
          if (inner === 3) west = text(count, place) === 'W';
          if (inner === 4) lon = degrees(place);
        });
        if (Number.isFinite(lat) && Number.isFinite(lon) && (lat || lon)) { found.lat = south ? -lat : lat; found.lon = west ? -lon : lon; }
      }
      if (tag === 0x8769) each(base + long(at), (inner, count, place) => { if (inner === 0x9003) found.taken = text(count, place); });
    });
    found.little = little;
    return found;
  };
  /* the picture is upright after it was drawn: the tag must not turn it again */
  const upright = exif => {
    const copy = exif.segment.slice(0);
    if (exif.turn) new DataView(copy).setUint16(exif.turn - exif.start, 1, exif.little);
    return copy;
  };
  const drawn = async file => {
    const bitmap = await createImageBitmap(file, {imageOrientation: 'from-image'});
    const scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const pen = canvas.getContext('2d');
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return new Promise(done => canvas.toBlob(done, 'image/jpeg', QUALITY));
  };
  const shrink = async file => {
    const exif = await readExif(file);
    /* a format that the server does not take (HEIC of an iPhone) becomes JPEG where the browser can draw it */
    const isTaken = /^image\/(jpeg|png|webp|gif)$/.test(file.type);
    let small = file;
    try {
      const blob = file.size > SMALL || !isTaken ? await drawn(file) : null;
      if (blob && (blob.size < file.size || !isTaken)) {
        const parts = exif.segment ? [blob.slice(0, 2), upright(exif), blob.slice(2)] : [blob];
        small = new File(parts, file.name.replace(/\.\w+$/, '') + '.jpg', {type: 'image/jpeg'});
      }
    } catch { if (!isTaken) return {file, exif, unreadable: true}; /* else it is sent as it is: the server judges it */ }
    return {file: small, exif};
  };
  const put = (input, files) => { const list = new DataTransfer(); files.forEach(file => list.items.add(file)); input.files = list.files; };
  window.townkeeperPhotos = {shrink, put};

  document.querySelectorAll('input[type=file][data-shrink]').forEach(input => input.addEventListener('change', async () => {
    const button = input.form && input.form.querySelector('button[type=submit]');
    if (button) button.disabled = true;
    try { put(input, (await Promise.all([...input.files].map(shrink))).map(each => each.file)); } finally { if (button) button.disabled = false; }
  }));
})();
