// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "benchmarks",
    products: [.executable(name: "gateway-bench", targets: ["GatewayBench"])],
    targets: [
        .executableTarget(
            name: "GatewayBench",
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .treatAllWarnings(as: .error),
            ]
        )
    ]
)
