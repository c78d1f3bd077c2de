// swift-tools-version: 6.1
// Armada: a multi-process simulator of an ARM64 virtual machine, shaped like Linux KVM/arm64.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .unsafeFlags(["-warnings-as-errors"]),
]

let package = Package(
    name: "armada",
    products: [
        .executable(name: "armada", targets: ["Coordinator"]),
        .executable(name: "armada-vcpu", targets: ["VCPUWorker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // System libraries.
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CFDT", providers: [.apt(["libfdt-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CUnicorn", pkgConfig: "unicorn", providers: [.apt(["libunicorn-dev"])]),
        // The few C functions that Swift cannot express: atomics at an address, memfd, SCM_RIGHTS, futex, affinity.
        .target(name: "CHost", cSettings: [.unsafeFlags(["-mcx16"])]),
        // VIXL's disassembler behind a C function. SwiftPM takes no macros from the package's .pc file.
        .target(
            name: "CDisassembler",
            cxxSettings: [
                .define("VIXL_INCLUDE_TARGET_A64"), .define("VIXL_CODE_BUFFER_MMAP"),
                .unsafeFlags(["-I/usr/include/vixl"]),
            ],
            linkerSettings: [.linkedLibrary("vixl")]),
        // The wire format: vcpu.proto and what protoc-c generates from it.
        .target(name: "CWire", dependencies: ["CProtobufC"]),
        // Both programs get its small functions inlined, which are of package access.
        .target(
            name: "Shared", dependencies: ["CHost", "CWire"],
            swiftSettings: strict + [.unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release))]),
        // The hypervisor process.
        .executableTarget(
            name: "Coordinator",
            dependencies: [
                "Shared", "CHost", "CWire", "CFDT", "CZlib", "CDisassembler",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]
        ),
        // One vCPU.
        .executableTarget(name: "VCPUWorker", dependencies: ["Shared", "CHost"], swiftSettings: strict),
        // A test's view of malloc: proves that a path does not allocate.
        .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
        .testTarget(name: "SharedTests", dependencies: ["Shared", "CHost", "CWire", "CAllocationCount"]),
        .testTarget(name: "VCPUWorkerTests", dependencies: ["VCPUWorker", "Shared", "CHost"]),
        .testTarget(
            name: "CoordinatorTests", dependencies: ["Coordinator", "VCPUWorker", "Shared", "CHost", "CFDT", "CZlib"]),
        // The sources in Harness/Fuzz are the program fuzz-a64, which the package in Fuzzing builds.
        .testTarget(
            name: "DifferentialTests", dependencies: ["VCPUWorker", "Shared", "CHost", "CUnicorn"],
            exclude: ["Harness/Fuzz"]),
        .testTarget(name: "GuestTests", dependencies: ["VCPUWorker", "Shared", "CHost"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
