/// The lists by which `CUDA_VISIBLE_DEVICES`, and ROCm's variables like it, choose and order GPUs.
enum VisibleDevices {
    /// Which GPUs a program sees, in its order.
    /// - Parameters:
    ///   - list: numbers, and beginnings of UUIDs such as `GPU-8932f937`, with commas between. It ends at the first
    ///     that is not exactly one GPU, and is void if it names one twice. Without a list all are seen.
    ///   - uuids: the GPUs' UUIDs, in the driver's order, as far as they are known.
    /// - Returns: positions in `uuids`.
    static func positions(listedBy list: String?, among uuids: [String?]) -> [Int] {
        guard let list else { return Array(uuids.indices) }
        var positions: [Int] = []
        for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let position = position(of: entry.drop { $0 == " " }.prefix { $0 != " " }, among: uuids)
            else { break }
            if positions.contains(position) { return [] }
            positions.append(position)
        }
        return positions
    }

    private static func position(of entry: Substring, among uuids: [String?]) -> Int? {
        if let number = Int(entry) { return uuids.indices.contains(number) ? number : nil }
        guard entry.hasPrefix("GPU-") else { return nil }
        let matches = uuids.indices.filter { uuids[$0]?.hasPrefix(entry) == true }
        return matches.count == 1 ? matches[0] : nil
    }
}
