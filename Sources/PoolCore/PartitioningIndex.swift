extension RandomAccessCollection where Index == Int {
    /// Where the elements begin for which a condition does not hold, if it holds for all before them and for none
    /// after. O(log n).
    func partitioningIndex(where isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
