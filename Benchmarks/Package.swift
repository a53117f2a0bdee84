// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "benchmarks",
    products: [
        .executable(name: "gateway-bench", targets: ["GatewayBench"]),
        .executable(name: "policy-bench", targets: ["PolicyBench"]),
    ],
    targets: [
        .target(name: "BenchSupport", swiftSettings: strict),
        .executableTarget(name: "GatewayBench", dependencies: ["BenchSupport"], swiftSettings: strict),
        .executableTarget(name: "PolicyBench", dependencies: ["BenchSupport"], swiftSettings: strict),
    ]
)
