import CZlib
import Foundation
import Testing

@testable import Coordinator

/// The page in a real browser.
@Suite(.serialized) struct BenchReportPageTests {
    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test func `the same report gives the same page`() {
        #expect(BenchReportSamples.extreme.html == BenchReportSamples.extreme.html)
        let page = BenchReportSamples.extreme.html
        #expect(!page.contains("<script>alert") && !page.contains("<i>") && !page.contains("<x>"))
        for word in ["http://", "https://", " src=", "@import", "url("] {
            #expect(!page.contains(word), "\(word)")
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["single", "sweep", "extreme", "small", "empty"])
    func `a browser draws all of it, without an error, an overlap or a request`(name: String) throws {
        let report =
            switch name {
            case "single": BenchReportSamples.single
            case "sweep": BenchReportSamples.sweep
            case "extreme": BenchReportSamples.extreme
            case "small": BenchReportSamples.small
            default: BenchReport()
            }
        // Errors are caught from the start, and everything is looked at when the page's own script has run.
        let page = report.html.replacingOccurrences(of: "<head>", with: "<head>" + Self.catching)
            .replacingOccurrences(of: "</body>", with: Self.looking + "</body>")
        let dom = try run(["--dump-dom"], page: page).output
        let result = try #require(
            dom.components(separatedBy: "data-result=\"").dropFirst().first?.prefix { $0 != "\"" })
        let figures = result.split(separator: " ").map(String.init)
        let drawings = page.components(separatedBy: "<svg ").count - 1
        #expect(figures == ["errors=0", "drawings=\(drawings)", "empty=0", "outside=0", "overlaps=0", "requests=0"])
    }

    @Test(.timeLimit(.minutes(5)), arguments: [false, true]) func `the picture is not blank`(isDark: Bool) throws {
        let file = NSTemporaryDirectory() + "armada-page-\(UUID().uuidString).png"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let scheme = isDark ? ["--blink-settings=preferredColorScheme=0"] : []
        _ = try run(
            scheme + ["--screenshot=\(file)", "--window-size=1200,1400", "--hide-scrollbars"],
            page: BenchReportSamples.single.html)
        let pixels = try Self.pixels(of: Data(contentsOf: URL(fileURLWithPath: file)))
        #expect(pixels.width == 1200 && pixels.height == 1400)
        var rows = Set<Data>()
        for row in 0..<pixels.height {
            rows.insert(pixels.bytes.subdata(in: row * pixels.stride..<(row + 1) * pixels.stride))
        }
        #expect(rows.count > pixels.height / 3)
    }

    private static let catching = """
        <script>window.failures = []; addEventListener("error", (e) => failures.push(e.message));
        addEventListener("securitypolicyviolation", (e) => failures.push(e.blockedURI));</script>
        """

    /// Opens what is folded, and counts: drawings without size, labels outside of their drawing, labels on labels.
    private static let looking = """
        <script>
        for (const run of document.querySelectorAll("details")) run.open = true;
        const drawings = [...document.querySelectorAll("svg")];
        let empty = 0, outside = 0, overlaps = 0;
        for (const drawing of drawings) {
          const box = drawing.getBoundingClientRect();
          if (!(box.width > 0 && box.height > 0)) empty++;
          const labels = [...drawing.querySelectorAll("text")].map((text) => text.getBoundingClientRect());
          labels.forEach((a, i) => {
            if (!(a.width > 0)) empty++;
            if (a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 || a.bottom > box.bottom + 1)
              outside++;
            for (const b of labels.slice(i + 1))
              if (a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom) overlaps++;
          });
        }
        const requests = performance.getEntriesByType("resource").filter((e) => !e.name.startsWith("data:")).length;
        document.body.dataset.result = `errors=${failures.length} drawings=${drawings.length} empty=${empty} ` +
          `outside=${outside} overlaps=${overlaps} requests=${requests}`;
        </script>
        """

    private func run(_ arguments: [String], page: String) throws -> (output: String, status: Int32) {
        let browser = try #require(Self.browser, "no Chromium: deploy/setup.sh test installs it")
        let folder = NSTemporaryDirectory() + "armada-browser-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try ReportFile.write(page, to: folder + "/page.html")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: browser)
        process.arguments =
            ["--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder)/profile"] + arguments
            + ["file://\(folder)/page.html"]
        let pipe = Pipe()
        process.standardOutput = pipe
        let complaints = folder + "/stderr"
        #expect(FileManager.default.createFile(atPath: complaints, contents: nil))
        process.standardError = FileHandle(forWritingAtPath: complaints)
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let failure = process.terminationStatus == 0 ? "" : try String(contentsOfFile: complaints, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(failure.suffix(4000))")
        return (output, process.terminationStatus)
    }

    /// The rows of a PNG file as they are before compression: each a filter's number and differences.
    private static func pixels(of png: Data) throws -> (width: Int, height: Int, stride: Int, bytes: Data) {
        let bytes = [UInt8](png)
        try #require(bytes.count > 33 && Array(bytes[1..<4]) == Array("PNG".utf8))
        let word = { (at: Int) in bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        let (width, height) = (word(16), word(20))
        let channels = bytes[25] == 6 ? 4 : 3
        var packed: [UInt8] = []
        var at = 8
        while at + 12 <= bytes.count {
            let length = word(at)
            try #require(at + 12 + length <= bytes.count)
            if Array(bytes[at + 4..<at + 8]) == Array("IDAT".utf8) { packed += bytes[at + 8..<at + 8 + length] }
            at += 12 + length
        }
        let stride = 1 + width * channels
        var size = uLong(stride * height)
        var plain = [UInt8](repeating: 0, count: stride * height)
        try #require(uncompress(&plain, &size, packed, uLong(packed.count)) == Z_OK)
        try #require(Int(size) == plain.count)
        return (width, height, stride, Data(plain))
    }
}
