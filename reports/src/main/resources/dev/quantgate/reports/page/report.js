"use strict";
(() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const C = DATA.comparison, ROWS = 25;
  const KINDS = { LOSS: 0, GAIN: 1, CHURN: 2, SAME: 3, UNGRADED: 4 };
  const query = new URLSearchParams(location.search);
  let lang = query.get("lang") || ((navigator.language || "").startsWith("zh") ? "zh" : "en");
  if (!WORDS[lang]) lang = "en";
  if (["light", "dark"].includes(query.get("theme"))) document.documentElement.dataset.theme = query.get("theme");

  const t = (key, ...args) => String(WORDS[lang][key]).replace(/\{(\d)\}/g, (_, i) => args[i]);
  /* Text goes in as text: nothing from the data is ever read as markup. */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) node.setAttribute(name, value);
    }
    node.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined));
    return node;
  }
  const number = n => Number(n).toLocaleString("en-US");
  const points = x => x === 0 ? "0.00" : (x > 0 ? "+" : "−") + Math.abs(x).toFixed(2);
  const percent = x => (100 * x).toFixed(2) + " %";
  const bytes = b => b >= 1e9 ? (b / 1e9).toFixed(2) + " GB" : (b / 1e6).toFixed(1) + " MB";
  const figure = (x, digits = 3) => x === null || x === undefined ? "–" : Math.abs(x) > 0 && Math.abs(x) < 10 ** -digits ? x.toExponential(1) : x.toFixed(digits);
  const badge = (word, text) => el("span", { class: "badge " + word }, text || word);
  const head = (...cells) => el("thead", {}, el("tr", {}, cells.map(([text, right]) => el("th", { scope: "col", class: right ? "r" : "" }, text))));
  const scroll = table => el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": table.caption ? table.caption.textContent : t("table") }, table);
  const section = (id, title, ...children) => el("section", { id, "aria-labelledby": id + "-h" }, el("h2", { id: id + "-h" }, title), children);
  const width = () => Math.max(280, Math.min(1120, document.getElementById("page").clientWidth - 40));
  const subjectName = key => lang === "zh" && DATA.subjects[key] ? DATA.subjects[key] : key.replaceAll("_", " ");

  function header() {
    /* The last folder says which model it is; the whole references stand in the section of what was compared. */
    const whole = [C.candidate.reference, C.baseline.reference];
    const short = whole.map(r => r.replace(/[\\/]+$/, "").replace(/^(replay:)?.*[\\/]/, "$1"));
    return el("header", {},
      el("span", { class: "brand" }, "QuantGate"), el("span", { class: "models small", title: t("against", ...whole) }, t("against", ...(short[0] === short[1] ? whole : short))),
      el("span", { class: "tools" },
        el("button", { id: "language", type: "button", lang: lang === "en" ? "zh" : "en", onclick: () => { lang = lang === "en" ? "zh" : "en"; draw(); document.getElementById("language").focus(); } }, t("other")),
        el("button", { id: "theme", type: "button", onclick: theme }, t("theme")),
        el("button", { type: "button", onclick: () => print() }, t("print"))));
  }
  function theme() {
    const root = document.documentElement;
    const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
  }

  function verdict() {
    const judged = C.suites.reduce((n, s) => n + s.items, 0), losses = C.suites.reduce((n, s) => n + s.losses, 0), gains = C.suites.reduce((n, s) => n + s.gains, 0);
    const tile = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
    return el("main", { id: "content", tabindex: -1 },
      el("div", { class: "verdict " + C.verdict },
        el("span", { class: "word" }, C.verdict), C.verdict === "INVALID" ? "" : " · " + (C.proven ? t("proven") : C.finding === "INCONCLUSIVE" && WORDS[lang].by[C.policy.onInconclusive] || t("notProven")),
        el("h1", {}, DATA.headline[lang]),
        el("p", { class: "small" }, t("policy", DATA.margin[lang], WORDS[lang].rules[C.policy.onInconclusive] || C.policy.onInconclusive))),
      el("dl", { class: "tiles" },
        tile(t("items"), number(judged)), tile(t("losses"), number(losses)), tile(t("gains"), number(gains)),
        tile(t("flipRate"), judged ? percent((losses + gains) / judged) : "–"),
        C.pooled ? tile(t("delta"), points(C.pooled.deltaPoints)) : null),
      el("details", { class: "small" }, el("summary", {}, t("why")), el("ul", {}, C.suites.map(s => el("li", {}, el("b", {}, s.suite + ": "), s.reason)), C.suites.length ? null : el("li", {}, C.reason))),
      DATA.warnings.length ? el("ul", { class: "small note", role: "status" }, DATA.warnings.map(w => el("li", {}, w))) : null);
  }

  function scores() {
    const rows = C.suites.map(s => {
      const e = s.evidence;
      return el("tr", {}, el("th", { scope: "row" }, s.suite, el("div", { class: "small faint" }, s.protocol.slice(s.protocol.indexOf("/") + 1)), s.asked < s.available ? el("div", { class: "small faint" }, t("limited", number(s.asked), number(s.available))) : null),
        el("td", {}, badge(s.verdict, s.finding === "UNINFORMATIVE" ? s.finding : s.verdict), s.verdict === "INVALID" ? null : el("div", { class: "small faint still" }, s.finding === "UNINFORMATIVE" ? t("uninformative") : t(s.proven ? "proven" : "notProven"))),
        el("td", { class: "r" }, number(s.items)),
        el("td", { class: "r" }, s.items ? percent(s.baseline.score) : "–"), el("td", { class: "r" }, s.items ? percent(s.candidate.score) : "–"),
        el("td", { class: "r" }, el("b", {}, s.items ? points(s.deltaPoints) : "–")), el("td", { class: "r" }, e ? points(e.lowerPoints) + " … " + points(e.upperPoints) : "–"),
        el("td", { class: "r" }, s.losses + " / " + s.gains), el("td", { class: "r wide" }, s.changed === undefined ? "–" : number(s.changed)),
        el("td", { class: "r wide" }, e && e.mcnemar ? figure(e.mcnemar.twoSided) : "–"));
    });
    if (C.pooled) rows.push(el("tr", {}, el("th", { scope: "row" }, t("pooled")), el("td"), el("td"), el("td"), el("td"), el("td", { class: "r" }, el("b", {}, points(C.pooled.deltaPoints))),
      el("td", { class: "r" }, points(C.pooled.lowerPoints) + " … " + points(C.pooled.upperPoints)), el("td"), el("td", { class: "wide" }), el("td", { class: "wide" })));
    const table = el("table", {}, el("caption", { class: "sr" }, t("scores")), el("thead", {}, el("tr", {},
      [["suite", "suite"], ["verdict"], ["asked", "r"], ["baseline", "r"], ["candidate", "r"], ["deltaPoints", "r"], ["interval", "r"], ["lossGain", "r"], ["changed", "r wide"], ["mcnemar", "r wide"]]
        .map(([key, c]) => el("th", { scope: "col", class: c }, t(key))))), el("tbody", {}, rows));
    const chart = CHARTS.intervals(C.suites, t, width());
    return section("scores", t("scores"), scroll(table), chart ? el("h3", {}, t("chartScores")) : null, chart, chart ? el("p", { class: "small note" }, t("chartHint")) : null,
      el("h3", {}, t("more")), el("ul", { class: "small" }, C.suites.filter(s => s.evidence).map(s => {
        const e = s.evidence, seen = e.visibleLossPoints ? t("seen", Math.abs(e.visibleLossPoints).toFixed(2)) : "";
        return el("li", {}, s.proven ? t("done", s.suite, number(e.items), seen) : e.itemsNeeded === undefined || e.itemsNeeded === null ? t(e.marginPoints ? "neededNone" : "neededGain", s.suite, seen) : t("needed", s.suite, number(e.itemsNeeded), number(e.items), seen));
      }), C.suites.filter(s => s.withFaults).map(s => el("li", {}, t("withFaults", s.suite, s.asked - s.items, points(s.withFaults.deltaPoints))))));
  }

  /* One list of all rows; filters and order make a view of it, and only a page of the view is drawn. */
  const ALL = Object.entries(DATA.items).flatMap(([suite, rows]) => rows.map(r => ({ suite, id: r[0], kind: r[1], subject: r[2], right: r[3], a: r[4], b: r[5], ma: r[6], mb: r[7], kl: r[8], near: r[9], detail: r[10] ? DATA.details[r[10] - 1] : null })));
  const state = { text: "", kind: "flips", suite: "", sort: "kind", down: false, page: 0, open: new Set() };
  if (!ALL.some(r => r.kind < 2)) state.kind = "";
  const KEYS = { item: r => r.suite + "/" + r.id, kind: r => r.kind, subject: r => r.subject, right: r => r.right, baseline: r => r.a, candidate: r => r.b, marginB: r => r.ma ?? -1, marginC: r => r.mb ?? -1, kl: r => r.kl ?? -1 };
  /* A column that has nothing in it, as margins of recorded answers, is left out. */
  const COLUMNS = [["item", ""], ["kind", ""], ["subject", "wide"], ["right", "wide"], ["baseline", ""], ["candidate", ""], ["marginB", "r wide"], ["marginC", "r wide"], ["kl", "r wide"]]
    .filter(([key]) => !["subject", "right", "marginB", "marginC", "kl"].includes(key) || ALL.some(r => !["", -1].includes(KEYS[key](r))));
  function matches(row, words) {
    if (state.suite && row.suite !== state.suite || state.kind === "flips" && row.kind > 1 || state.kind !== "" && state.kind !== "flips" && row.kind !== +state.kind) return false;
    if (!words.length) return true;
    row.words ??= [row.id, row.subject, DATA.subjects[row.subject] || "", row.a, row.b, row.right, row.detail ? row.detail.baseline.text.shown + " " + row.detail.candidate.text.shown + " " + (row.detail.prompt ? row.detail.prompt.shown : "") : ""].join(" ").toLowerCase();
    return words.every(w => row.words.includes(w));
  }
  function view() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean), key = KEYS[state.sort], sign = state.down ? -1 : 1;
    return ALL.filter(r => matches(r, words)).map((r, i) => [key(r), i, r]).sort((x, y) => (x[0] < y[0] ? -sign : x[0] > y[0] ? sign : x[1] - y[1])).map(x => x[2]);
  }
  function changes() {
    const kinds = el("select", { id: "kind", onchange: e => { state.kind = e.target.value; state.page = 0; list(); } },
      [["flips", t("flips")], ["", t("all")], ...WORDS[lang].kinds.map((word, i) => [String(i), word])].map(([value, text]) => el("option", { value, selected: state.kind === value }, text)));
    const suites = el("select", { id: "suite", onchange: e => { state.suite = e.target.value; state.page = 0; list(); } },
      [["", t("allSuites")], ...C.suites.map(s => [s.suite, s.suite])].map(([value, text]) => el("option", { value, selected: state.suite === value }, text)));
    let waiting = 0;
    const search = el("input", { id: "search", type: "search", value: state.text, placeholder: t("searchHint"), oninput: e => { clearTimeout(waiting); waiting = setTimeout(() => { state.text = e.target.value; state.page = 0; list(); }, 120); } });
    return section("changes", t("changes"),
      el("form", { class: "filters", role: "search", onsubmit: e => e.preventDefault() }, el("label", {}, t("search"), search), el("label", {}, t("kind"), kinds), el("label", {}, t("suite"), suites)),
      DATA.withoutTexts ? el("p", { class: "small note" }, t("tooMuch", number(DATA.withoutTexts))) : null, el("div", { id: "list" }));
  }
  function list() {
    const shown = view(), pages = Math.max(1, Math.ceil(shown.length / ROWS));
    state.page = Math.min(state.page, pages - 1);
    const columns = COLUMNS;
    const headers = columns.map(([key, c]) => el("th", { scope: "col", class: c, "aria-sort": state.sort === key ? (state.down ? "descending" : "ascending") : "none" },
      el("button", { type: "button", "data-sort": key, title: t("sortBy", t(key)), onclick: () => { state.down = state.sort === key && !state.down; state.sort = key; list(); document.querySelector(`[data-sort=${key}]`).focus(); } }, t(key), state.sort === key ? (state.down ? " ▼" : " ▲") : "")));
    const body = el("tbody", {});
    shown.slice(state.page * ROWS, (state.page + 1) * ROWS).forEach(r => body.append(...row(r, columns.length)));
    const turn = by => () => { state.page += by; list(); document.getElementById("changes").scrollIntoView(); };
    document.getElementById("list").replaceChildren(
      el("p", { class: "small note", role: "status", "aria-live": "polite", id: "found" }, t("found", number(shown.length), number(ALL.length))),
      shown.length ? scroll(el("table", {}, el("caption", { class: "sr" }, t("changes")), el("thead", {}, el("tr", {}, headers)), body)) : el("p", {}, t("none")),
      el("nav", { class: "pager", "aria-label": t("changes") }, el("button", { type: "button", disabled: state.page === 0, onclick: turn(-1) }, t("previous")), t("page", state.page + 1, pages), el("button", { type: "button", disabled: state.page >= pages - 1, onclick: turn(1) }, t("next"))));
  }
  function row(r, columns) {
    const kindWord = ["FAIL", "PASS", "INCONCLUSIVE", "INVALID", "INVALID"][r.kind];
    const detail = el("tr", { class: "detail", hidden: !state.open.has(r) });
    const fill = () => detail.replaceChildren(el("td", { colspan: columns }, texts(r)));
    if (state.open.has(r)) fill();
    const button = el("button", { type: "button", class: "open", "aria-expanded": String(state.open.has(r)), onclick: () => {
      const open = !state.open.has(r);
      state.open[open ? "add" : "delete"](r);
      button.setAttribute("aria-expanded", String(open));
      if (open) fill();
      detail.hidden = !open;
    } }, r.id, el("span", { class: "small faint" }, " · " + r.suite));
    const cells = {
      item: () => button,
      kind: () => [badge(kindWord, WORDS[lang].kinds[r.kind]), r.near && r.kind < 2 ? el("div", { class: "small faint" }, t("nearTie")) : null],
      subject: () => el("span", { class: "small" }, subjectName(r.subject)), right: () => r.right, baseline: () => r.a, candidate: () => r.b,
      marginB: () => figure(r.ma), marginC: () => figure(r.mb), kl: () => figure(r.kl, 4)
    };
    const shape = { item: "id", right: "ans", baseline: "ans", candidate: "ans" };
    return [el("tr", {}, COLUMNS.map(([key, c]) => el("td", { class: [c, shape[key] || ""].join(" ").trim() }, cells[key]()))), detail];
  }
  const cut = text => text.length === undefined ? null : el("p", { class: "small note" }, t("cut", number(text.from + 1), number(text.from + text.shown.length), number(text.length)));
  function texts(r) {
    const d = r.detail;
    if (!d) return el("p", { class: "small note" }, t("noText"));
    const parted = d.baseline.parts !== undefined;
    return [
      el("div", { class: "sides" }, side(t("baseline"), d.baseline), side(t("candidate"), d.candidate)),
      el("p", { class: "small note" }, parted ? t("parts") : t("sameText"), d.divergence !== undefined ? " " + t("divergence", d.divergence + 1) : "", d.sample !== undefined ? " " + t("sample", d.sample + 1) : ""),
      d.prompt ? el("details", { open: true }, el("summary", {}, t("prompt")), el("pre", { tabindex: 0 }, d.prompt.shown), cut(d.prompt)) : null,
      d.replay ? el("details", {}, el("summary", {}, t("replay")), el("pre", { tabindex: 0 }, d.replay)) : null].filter(Boolean);
  }
  function side(name, s) {
    const word = s.fault ? t("noGrade") : s.answers > 1 ? t("of", s.right, s.answers) : s.right ? t("isRight") : t("isWrong");
    const text = s.text.shown, at = s.parts;
    const code = Array.from(at === undefined ? "" : text.slice(at))[0] || "";
    const pre = el("pre", { tabindex: 0 }, at === undefined ? text : [text.slice(0, at), el("mark", {}, code === "" ? "∅" : code === "\n" ? "↵\n" : code), text.slice(at + code.length)]);
    return el("div", { class: "side" }, el("h3", {}, name + " ", badge(s.fault ? "INVALID" : s.right === s.answers ? "PASS" : "FAIL", word)), pre, cut(s.text),
      s.outcome || s.fault ? el("p", { class: "small" }, t("outcome") + ": " + (s.outcome || s.fault) + (s.message ? " · " + s.message : "")) : null,
      s.failedAt ? el("p", { class: "small" }, t("failedAt") + ": ", el("code", {}, s.failedAt)) : null,
      s.printed ? el("details", {}, el("summary", {}, t("printed")), el("pre", { tabindex: 0 }, s.printed.shown), cut(s.printed)) : null,
      s.tokenMargin !== undefined ? el("p", { class: "small note" }, t("tokenMargin", figure(s.tokenMargin))) : null,
      s.choices ? el("table", { class: "small" }, el("caption", {}, t("choices")), el("tbody", {}, s.choices.map(([label, value]) => el("tr", {}, el("th", { scope: "row" }, label), el("td", { class: "r" }, figure(value)))))) : null);
  }

  function averages() {
    return C.suites.filter(s => s.averages.length > 1).map((s, i) => {
      const parts = s.averages.filter(a => a.name.startsWith("subject/")), others = s.averages.filter(a => !a.name.startsWith("subject/"));
      const name = full => full.startsWith("subject/") ? subjectName(full.slice(8)) : WORDS[lang].averageNames[full] || full.replace(/^category\//, "");
      const line = a => el("tr", {}, el("th", { scope: "row" }, name(a.name)), el("td", { class: "r" }, number(a.items)), el("td", { class: "r" }, percent(a.baseline)), el("td", { class: "r" }, percent(a.candidate)), el("td", { class: "r" }, points(a.deltaPoints)));
      const tableOf = (list, caption) => scroll(el("table", {}, el("caption", { class: "sr" }, caption), head([t("average")], [t("asked"), 1], [t("baseline"), 1], [t("candidate"), 1], [t("deltaPoints"), 1]), el("tbody", {}, list.map(line))));
      return section("averages-" + i, t("averages") + ": " + s.suite, others.length ? tableOf(others, t("averages")) : null,
        parts.length ? [el("h3", {}, t("chartSubjects")), legend(), CHARTS.subjects(parts, name, t, width()), el("p", { class: "small note" }, t("averagesHint")), el("details", { class: "small" }, el("summary", {}, t("table")), tableOf(parts, t("chartSubjects")))] : null);
    });
  }
  const legend = () => el("div", { class: "legend" }, el("span", {}, el("i", { class: "base" }), t("baseline")), el("span", {}, el("i", { class: "cand" }), t("candidate")));

  function cost() {
    const a = C.baseline.usage, b = C.candidate.usage;
    const value = (u, f, show) => u && f(u) > 0 ? show(f(u)) : t("unknown");
    const row = (name, x, y, f, show) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "r" }, value(x, f, show)), el("td", { class: "r" }, value(y, f, show)), el("td", { class: "r" }, x && y && f(x) > 0 && f(y) > 0 ? (f(y) / f(x)).toFixed(2) : "–"));
    const rate = x => x < 100 ? x.toFixed(1) : number(Math.round(x));
    const table = (caption, rows) => scroll(el("table", {}, el("caption", { class: "small" }, caption), head([t("what")], [t("baseline"), 1], [t("candidate"), 1], [t("ratio"), 1]), el("tbody", {}, rows)));
    const measured = benches(row, rate, table);
    if (!a && !b && !measured) return null;
    const line = (key, f, show) => row(t(key), a, b, f, show);
    return section("cost", t("cost"), a || b ? table([...new Set([a, b].filter(Boolean).map(u => u.device))].join(" / "), [
      line("disk", u => u.checkpointBytes, bytes), line("loaded", u => u.weightBytes, bytes), line("peak", u => u.weightBytes + u.peakCacheBytes, bytes), line("loadTime", u => u.loadSeconds, x => x.toFixed(1)),
      line("promptSpeed", u => u.promptSeconds > 0 ? u.promptTokens / u.promptSeconds : 0, rate), line("decodeSpeed", u => u.generationSeconds > 0 ? u.generatedTokens / u.generationSeconds : 0, rate)]) : null,
      measured || el("p", { class: "small note" }, t("bench"), " ", el("code", {}, "quantgate bench --model MODEL --out DIR/bench-MODEL.json")));
  }
  /* What bench measured of the models by themselves: one table for each passage of a prompt and what follows it. */
  function benches(row, rate, table) {
    const a = DATA.bench.baseline, b = DATA.bench.candidate;
    if (!a && !b) return null;
    const where = [...new Set([a, b].filter(Boolean).map(m => t("measuredOn", m.identity.engine, m.threads)))].join(" / ");
    const key = p => p.promptTokens + "/" + p.newTokens, all = [a, b].filter(Boolean).flatMap(m => m.passages);
    const of = (m, k) => { const p = m && m.passages.find(each => key(each) === k); return p && { ...p, memory: m.weightBytes + p.cacheBytes }; };
    return [el("h3", {}, t("alone")), table(where, [row(t("disk"), a, b, m => m.checkpointBytes, bytes), row(t("loaded"), a, b, m => m.weightBytes, bytes), row(t("loadTime"), a, b, m => m.loadSeconds, x => x.toFixed(1))]),
      [...new Map(all.map(p => [key(p), p])).entries()].map(([k, p]) => { const x = of(a, k), y = of(b, k); return table(t("passage", number(p.promptTokens), number(p.newTokens)), [
        row(t("memoryThere"), x, y, q => q.memory, bytes), row(t("promptSpeed"), x, y, q => q.promptTokensPerSecond, rate), row(t("decodeSpeed"), x, y, q => q.newTokensPerSecond, rate)]); })];
  }

  function distances() {
    const kl = ALL.filter(r => r.kl !== null).map(r => Math.max(0, r.kl)), ma = ALL.filter(r => r.ma !== null).map(r => r.ma), mb = ALL.filter(r => r.mb !== null).map(r => r.mb);
    const lines = C.suites.flatMap(s => {
      const d = s.diagnostics || {}, out = [];
      if (d.choices) out.push(t("klLine", s.suite, number(d.choices.sameArgmax), number(d.choices.items), figure(d.choices.klMean, 4), figure(d.choices.klMedian, 4), figure(d.choices.kl99, 4)));
      if (d.texts) out.push(t("textLine", s.suite, number(d.texts.identical), number(d.texts.items), d.lengthRatio === undefined ? "–" : percent(d.lengthRatio)));
      if (d.texts && d.texts.medianDivergence !== undefined && (d.texts.baselineMedianDivergenceMargin ?? d.texts.candidateMedianDivergenceMargin) !== undefined) out.push(t("partLine", s.suite, number(d.texts.medianDivergence + 1), figure(d.texts.baselineMedianDivergenceMargin), figure(d.texts.candidateMedianDivergenceMargin)));
      return out;
    });
    if (!kl.length && !ma.length && !lines.length) return null;
    const half = width() > 700 ? (width() - 40) / 2 : width();
    return section("distances", t("divergenceTitle"), el("ul", { class: "small" }, lines.map(l => el("li", {}, l))), el("div", { class: "two" },
      kl.length ? el("div", {}, el("h3", {}, t("klTitle")), CHARTS.histogram(t("klAlt"), [{ values: kl, fill: "var(--accent)" }], t("klTitle"), t, half)) : null,
      ma.length ? el("div", {}, el("h3", {}, t("marginTitle")), legend(), CHARTS.histogram(t("marginAlt"), [{ values: ma, fill: "var(--base)" }, { values: mb, fill: "var(--cand)" }], t("marginTitle"), t, half)) : null));
  }

  function identity() {
    const keys = [...new Set([...Object.keys(C.baseline.identity), ...Object.keys(C.candidate.identity)])].sort();
    const ungraded = C.suites.flatMap(s => s.ungraded.map(u => [s.suite, u]));
    const models = el("table", { class: "small" }, el("caption", { class: "sr" }, t("identity")), head([t("field")], [t("baseline")], [t("candidate")]), el("tbody", {},
      el("tr", {}, el("th", { scope: "row" }, t("reference")), el("td", { class: "id" }, C.baseline.reference), el("td", { class: "id" }, C.candidate.reference)),
      keys.map(k => el("tr", {}, el("th", { scope: "row" }, k), el("td", { class: "id" }, C.baseline.identity[k] ?? "–"), el("td", { class: "id" }, C.candidate.identity[k] ?? "–")))));
    const facts = C.suites.flatMap(s => [el("dt", {}, s.suite + " · " + t("data")), el("dd", {}, s.data.file + " (" + (s.data.catalogued ? t("catalogued") : t("custom")) + ") ", el("code", {}, s.data.sha256)),
      s.sandbox ? [el("dt", {}, s.suite + " · " + t("sandbox")), el("dd", {}, s.sandbox.kind + ": " + Object.entries(s.sandbox.identity).map(([k, v]) => k + " " + v).join(", "))] : []]).flat();
    return section("identity", t("identity"), scroll(models), el("dl", { class: "facts small" }, el("dt", {}, t("program")), el("dd", {}, C.program), facts),
      C.selfTests && C.selfTests.length ? [el("h3", {}, t("self")), el("ul", { class: "small" }, C.selfTests.map(s => el("li", {}, badge(s.status === "passed" ? "PASS" : s.status === "failed" ? "FAIL" : "INVALID", WORDS[lang].status[s.status] || s.status), " ", s.suite ? s.suite + ": " : "", s.detail)))] : null,
      C.notes.length ? [el("h3", {}, t("notes")), el("ul", { class: "small" }, C.notes.map(n => el("li", {}, n)))] : null,
      ungraded.length ? [el("h3", {}, t("faults")), el("ul", { class: "small" }, ungraded.slice(0, 200).map(([suite, u]) => el("li", {}, `${suite} ${u.id}, ${u.side}: ${u.category}, ${u.message}`)))] : null);
  }

  function draw() {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.title = C.verdict + " · " + t("title");
    const page = document.getElementById("page");
    page.replaceChildren(...[el("a", { class: "skip", href: "#content" }, t("skip")), header(), verdict(), scores(), changes(), averages(), cost(), distances(), identity()].flat(Infinity).filter(Boolean));
    list();
  }
  draw();
  document.documentElement.dataset.ready = "true";
})();
