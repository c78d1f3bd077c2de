/// The results of a stress test as a page.
extension StressReport {
    var html: String {
        let isClean = exitCode == 0
        var out = "<header>\n<p class=\"kicker\">armada stress</p>\n<h1>Where every interrupt went</h1>\n"
        out += "<p class=\"lead\">\(results.count) \(results.count == 1 ? "scenario" : "scenarios"), "
        out +=
            "<span class=\"\(isClean ? "clean" : "violated")\">\(isClean ? "every ledger is clean" : "not all clean")</span></p>\n"
        out += "<dl class=\"facts\">\n"
        for fact in BenchFacts.all {
            out += "<div><dt>\(escaped(fact.name))</dt><dd>\(escaped(fact.value))</dd></div>\n"
        }
        out += "</dl>\n"
        for failure in results.compactMap(\.failure) { out += "<p class=\"warning\">\(escaped(failure))</p>\n" }
        out += "</header>\n"
        out += results.filter { !$0.violations.isEmpty }.map(violationSection).joined()
        out += PageStyle.section("The ledger", "What was raised, and what became of it.", table + ledgerChart)
        let panels = results.filter { $0.latency.count > 0 }
        if !panels.isEmpty {
            out += PageStyle.section(
                "Delivery latency",
                "From the raise to the handler, as the guest sees it. Each panel has its own axis.",
                "<div class=\"panels\">\n"
                    + panels.map {
                        "<figure>\(LatencyChart(name: $0.scenario.latencyName, latency: $0.latency).svg)</figure>\n"
                    }
                    .joined() + "</div>\n")
        }
        return PageStyle.page(title: "Interrupts — armada stress", out)
    }

    private func violationSection(_ result: StressResult) -> String {
        var content = "<ul>"
        for violation in result.violations {
            content += "<li><b class=\"violated\">\(violation.rule.rawValue)</b>: \(escaped(violation.text))</li>"
        }
        content += "</ul>\n<pre>\(escaped(command(result)))</pre>\n"
        if let dump = result.dump {
            content += "<details><summary>vGIC and vCPUs</summary><pre>\(escaped(dump))</pre></details>\n"
        }
        return PageStyle.section(
            "Broken rules: \(escaped(result.scenario.rawValue))", "The command repeats it.", content)
    }

    private var table: String {
        let heads = [
            "scenario", "vCPUs", "seed", "rounds", "raised", "delivered", "coalesced", "cleared", "spurious",
            "per second", "p50",
            "p90", "p99", "max", "raw socket", "p50 / raw", "verdict",
        ]
        var out = "<div class=\"scroll\"><table><thead><tr>" + heads.map { "<th>\($0)</th>" }.joined()
        out += "</tr></thead><tbody>\n"
        for result in results {
            let totals = result.totals
            let time = { (fraction: Double) in
                result.latency.count > 0 ? readableTime(result.latency.quantile(fraction)) : "–"
            }
            let cells = [
                "\(result.vcpuCount)", "\(result.seed)", grouped(result.rounds), grouped(totals.raised),
                grouped(totals.delivered), grouped(totals.coalesced), grouped(totals.cleared), grouped(totals.spurious),
                grouped(UInt64(result.perSecond.rounded())), time(0.5), time(0.9), time(0.99), time(1),
                result.rawSocket.map { readableTime($0.p50) } ?? "–",
                result.latencyOverRawSocket.map { decimal($0, digits: 1) } ?? "–",
                "<span class=\"\(result.verdict.rawValue)\">\(result.verdict.rawValue)</span>",
            ]
            out +=
                "<tr><th>\(escaped(result.scenario.rawValue))</th>" + cells.map { "<td>\($0)</td>" }.joined()
                + "</tr>\n"
        }
        return out + "</tbody></table></div>\n"
    }

    /// One bar a scenario: delivered, coalesced, cleared, as shares of what was raised; the rate at its right.
    private var ledgerChart: String {
        let (width, left, right, rowHeight) = (1080.0, 150.0, 880.0, 28.0)
        let bottom = 8 + Double(results.count) * rowHeight
        var svg = SVG(width: width, height: bottom + 8, label: "What became of the interrupts")
        for (index, result) in results.enumerated() {
            let y = 8 + (Double(index) + 0.5) * rowHeight
            svg.text(shortened(result.scenario.rawValue, to: 18), x: left - 12, y: y + 4, anchor: .end, class: "name")
            let parts = [
                ("delivered", result.totals.delivered), ("coalesced", result.totals.coalesced),
                ("cleared", result.totals.cleared),
            ]
            let sum = Double(parts.reduce(0) { $0 + $1.1 })
            guard sum > 0 else { continue }
            var x = left
            for (name, count) in parts where count > 0 {
                let length = (right - left) * Double(count) / sum
                let title = "\(result.scenario.rawValue): \(grouped(count)) \(name)"
                svg.group(title: title, class: "range") { svg in
                    svg.rectangle(x: x, y: y - 8, width: length, height: 16, class: "bar \(name)")
                }
                x += length
            }
            svg.text(
                grouped(UInt64(result.perSecond.rounded())) + " /s", x: width - 60, y: y + 4, anchor: .end,
                class: "value")
        }
        var legend = "<div class=\"legend\">"
        for name in ["delivered", "coalesced", "cleared"] {
            var key = SVG(width: 16, height: 12, label: name)
            key.rectangle(x: 1, y: 1, width: 14, height: 10, class: "bar \(name)")
            legend += "<span>\(key.text)\(name)</span>"
        }
        return legend + "</div>\n<div class=\"chart\">\(svg.text)</div>\n"
    }
}
