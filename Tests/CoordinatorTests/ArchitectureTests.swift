import Foundation
import Testing

/// Dependencies run one way: Coordinator → Shared ← VCPUWorker, and inside the worker A64 → VCPU → MMU → Shared.
@Suite struct ArchitectureTests {
    private struct Source {
        /// Below Sources/.
        var path: String
        var imports: Set<String>
        var text: String
    }

    private static let sources: [Source] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        let files = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            guard let text = try? String(contentsOfFile: root.path + "/" + path, encoding: .utf8) else { return nil }
            return Source(path: path, imports: imports(in: text), text: text)
        }
    }()

    /// The modules that a file imports, whatever attributes and kinds stand before the name.
    private static func imports(in text: String) -> Set<String> {
        let names = text.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), words[..<index].allSatisfy(isImportPrefix) else {
                return nil
            }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
            guard let name = words.dropFirst(index + 1).first(where: { !kinds.contains($0) }) else { return nil }
            return String(name.prefix { $0 != "." })
        }
        return Set(names)
    }

    private static func isImportPrefix(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
    }

    private func sources(in folder: String) -> [Source] { Self.sources.filter { $0.path.hasPrefix(folder) } }

    @Test func allSourcesAreLookedAt() {
        for folder in ["Shared/", "VCPUWorker/", "Coordinator/"] { #expect(sources(in: folder).count > 3, "\(folder)") }
        #expect(Self.imports(in: "@preconcurrency import struct CWire.Frame\n// import Foundation") == ["CWire"])
    }

    @Test func onlyTheCodecKnowsTheGeneratedWireCode() {
        let codecs = ["Shared/Wire/", "Coordinator/Control/Codec/"]
        for source in Self.sources where !codecs.contains(where: source.path.hasPrefix) {
            #expect(source.imports.isDisjoint(with: ["CWire", "CProtobufC"]), "\(source.path)")
        }
    }

    @Test func sharedImportsNothingAboveIt() {
        let allowed: Set<String> = ["Glibc", "CHost", "CWire", "CProtobufC", "Synchronization"]
        for source in sources(in: "Shared/") { #expect(source.imports.isSubset(of: allowed), "\(source.path)") }
    }

    @Test func workerIsSmall() {
        let allowed: Set<String> = ["Glibc", "CHost", "Shared", "Synchronization"]
        for source in sources(in: "VCPUWorker/") { #expect(source.imports.isSubset(of: allowed), "\(source.path)") }
    }

    /// Instruction semantics and translation know neither sockets nor the host.
    @Test(arguments: ["VCPUWorker/A64/", "VCPUWorker/MMU/"]) func executionKnowsNoHost(folder: String) {
        let words = ["Link", "socket", "recv", "send", "OwnedDescriptor", "MemoryFile", "mmap", "poll"]
        for source in sources(in: folder) {
            // The pseudocode of floating point takes fma(3) and its like from the C library.
            let mayComputeWithGlibc = source.path.hasPrefix("VCPUWorker/A64/Pseudocode/FP")
            #expect(mayComputeWithGlibc || !source.imports.contains("Glibc"), "\(source.path)")
            let code = source.text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            let identifiers = Set(
                code.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" } }.map(String.init))
            #expect(identifiers.isDisjoint(with: words), "\(source.path): \(identifiers.intersection(words))")
        }
    }

    @Test func coordinatorNeedsFoundationNowhere() {
        for source in sources(in: "Coordinator/") {
            #expect(source.imports.isDisjoint(with: ["Foundation", "FoundationEssentials"]), "\(source.path)")
        }
    }

    @Test func devicesKnowOnlyTheirWindow() {
        for source in sources(in: "Coordinator/Devices/") {
            #expect(!source.text.contains("PhysicalMap"), "\(source.path)")
            #expect(!source.text.contains("VirtualMachine"), "\(source.path)")
        }
    }

    /// Only Commands/ prints.
    @Test func printIsForCommands() {
        for source in Self.sources where !source.path.hasPrefix("Coordinator/Commands/") {
            #expect(!source.text.contains(" print("), "\(source.path)")
        }
    }
}
