// swift-tools-version: 6.1
// fuzz-a64, the comparison of A64 with an independent implementation, as a release build. A package of its own: the worker is
// a library here, built for testing, and its sources and the tests' are those of the package above (Sources, Tests).
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .unsafeFlags(["-warnings-as-errors"]),
]

let package = Package(
    name: "armada-fuzzing",
    products: [.executable(name: "fuzz-a64", targets: ["FuzzA64"])],
    targets: [
        .systemLibrary(
            name: "CProtobufC", path: "Sources/CProtobufC", pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(
            name: "CUnicorn", path: "Sources/CUnicorn", pkgConfig: "unicorn", providers: [.apt(["libunicorn-dev"])]),
        .target(name: "CHost", path: "Sources/CHost", cSettings: [.unsafeFlags(["-mcx16"])]),
        .target(name: "CWire", dependencies: ["CProtobufC"], path: "Sources/CWire"),
        .target(name: "Shared", dependencies: ["CHost", "CWire"], path: "Sources/Shared", swiftSettings: strict),
        .target(
            name: "VCPUWorker", dependencies: ["Shared", "CHost"], path: "Sources/VCPUWorker", exclude: ["Entry.swift"],
            swiftSettings: strict + [.unsafeFlags(["-enable-testing"])]),
        .executableTarget(
            name: "FuzzA64", dependencies: ["VCPUWorker", "Shared", "CHost", "CUnicorn"],
            path: "Tests/DifferentialTests/Harness", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
