"use strict";
/* The charts, drawn by Observable Plot; each has a label and a table or text that says the same. */
const CHARTS = (() => {
  /* Plot brings a style element, which the page's policy refuses: the page's own style has all it needs. */
  function framed(label, svg) {
    svg.querySelectorAll("style").forEach(style => style.remove());
    svg.removeAttribute("style");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    const figure = document.createElement("div");
    figure.className = "chart";
    figure.append(svg);
    return figure;
  }
  const drawn = (label, options) => framed(label, Plot.plot({ className: "plot", ...options }));

  /* Each suite has its own margin in points, also where the policy's is a share of the baseline's score. */
  function intervals(suites, t, width) {
    const rows = suites.filter(s => s.evidence).map(s => ({ name: s.suite, delta: s.evidence.deltaPoints, low: s.evidence.lowerPoints, high: s.evidence.upperPoints, margin: s.evidence.marginPoints }));
    if (!rows.length) return null;
    const reach = Math.max(...rows.map(r => Math.max(-r.low, r.high, r.margin * 1.6, .1))) * 1.08;
    const margins = [...new Set(rows.map(r => r.margin))], one = margins.length === 1;
    return drawn(t("chartScores"), {
      width, height: 64 + rows.length * 44, marginLeft: Math.min(150, 24 + 7.5 * Math.max(...rows.map(r => r.name.length))), marginRight: 24, marginTop: 26,
      x: { domain: [-reach, reach], label: t("deltaPoints"), labelAnchor: "center", labelArrow: "none", grid: true, tickFormat: d => d > 0 ? `+${d}` : `${d}` }, y: { label: null, domain: rows.map(r => r.name), padding: 0.3 },
      marks: [
        Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: .55 }),
        one ? Plot.ruleX(margins, { x: m => -m, stroke: "var(--fail)", strokeWidth: 2.5, strokeDasharray: "5 3" }) : Plot.tickX(rows, { x: r => -r.margin, y: "name", stroke: "var(--fail)", strokeWidth: 2.5 }),
        Plot.text([Math.max(...margins)], { x: m => -m, frameAnchor: "top", dy: -16, text: m => one ? t("margin", m.toFixed(2).replace(/\.?0+$/, "")) : t("margins"), fill: "var(--fail)" }),
        Plot.ruleY(rows, { y: "name", x1: "low", x2: "high", stroke: "var(--accent)", strokeWidth: 7, strokeOpacity: .45, strokeLinecap: "round" }),
        Plot.dot(rows, { y: "name", x: "delta", r: 6, fill: "var(--accent)" })
      ]
    });
  }

  function subjects(averages, name, t, width) {
    const rows = averages.map(a => ({ name: name(a.name), base: 100 * a.baseline, cand: 100 * a.candidate, delta: a.deltaPoints, items: a.items })).sort((a, b) => a.delta - b.delta);
    const left = Math.min(width * 0.45, 30 + Math.max(...rows.map(r => [...r.name].reduce((w, c) => w + (c > "\u2e80" ? 12.5 : 6.8), 0))));
    return drawn(t("chartSubjects"), {
      width, height: 56 + rows.length * 19, marginLeft: left, marginRight: 20, marginTop: 8,
      x: { label: "%", labelArrow: "none", grid: true, labelAnchor: "right", domain: [Math.max(0, Math.min(...rows.map(r => Math.min(r.base, r.cand))) - 5), Math.min(100, Math.max(...rows.map(r => Math.max(r.base, r.cand))) + 5)] },
      y: { label: null, domain: rows.map(r => r.name) },
      marks: [
        Plot.ruleY(rows, { y: "name", x1: "base", x2: "cand", stroke: r => r.delta < 0 ? "var(--fail)" : "var(--pass)", strokeWidth: 2.5 }),
        Plot.dot(rows, { y: "name", x: "base", fill: "var(--base)", r: 4.5 }),
        Plot.dot(rows, { y: "name", x: "cand", fill: "var(--cand)", r: 4.5 })
      ]
    });
  }

  function histogram(label, series, axis, t, width) {
    const all = series.flatMap(s => s.values);
    const top = d3.quantile(all, .995) || Math.max(...all.slice(0, 1), 1e-6);
    const step = top / 40;
    const counted = series.map(s => {
      const bins = new Array(40).fill(0);
      for (const v of s.values) bins[Math.min(39, Math.floor(v / step))]++;
      return { fill: s.fill, bins: bins.map((n, i) => ({ n, a: i * step, b: (i + 1) * step })) };
    });
    const most = Math.max(...counted.flatMap(c => c.bins.map(b => b.n)));
    return drawn(label, {
      width, height: 230, marginLeft: 52, marginBottom: 40,
      x: { label: axis, labelAnchor: "center", labelArrow: "none", domain: [0, top] },
      y: { label: t("count"), labelArrow: "none", grid: true, type: "symlog", constant: 3, domain: [0, most * 1.1], ticks: [0, 1, 10, 100, 1000, 10000].filter(n => n <= most * 1.1), tickFormat: "d" },
      marks: [...counted.map(c => Plot.rectY(c.bins, { x1: "a", x2: "b", y: "n", fill: c.fill, fillOpacity: .55, inset: .5 })), Plot.ruleY([0])]
    });
  }
  return { intervals, subjects, histogram };
})();
