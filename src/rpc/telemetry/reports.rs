//! Reports for the log. Equal ones are told once, with their number.

/// How many different reports of one level are kept; further ones are only counted.
const MOST_REPORTS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Debug,
    Warning,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    pub level: Level,
    pub message: String,
}

#[derive(Default)]
pub struct Reports {
    /// Each with its number of occurrences.
    waiting: Vec<(Report, u64)>,
    warnings: usize,
    omitted_warnings: u64,
    omitted_details: u64,
}

impl Reports {
    pub fn add(&mut self, report: Report) {
        if let Some((_, count)) = self.waiting.iter_mut().find(|(known, _)| *known == report) {
            *count += 1;
            return;
        }
        // Details must not crowd out warnings.
        let (kept, omitted) = match report.level {
            Level::Warning => (self.warnings, &mut self.omitted_warnings),
            Level::Debug => (self.waiting.len() - self.warnings, &mut self.omitted_details),
        };
        if kept >= MOST_REPORTS {
            *omitted += 1;
            return;
        }
        self.warnings += usize::from(report.level == Level::Warning);
        self.waiting.push((report, 1));
    }

    /// The reports, in their order.
    pub fn into_reports(self) -> Vec<Report> {
        let mut reports: Vec<Report> = self
            .waiting
            .into_iter()
            .map(|(report, count)| match count {
                1 => report,
                _ => Report { message: format!("{} ({count} times)", report.message), ..report },
            })
            .collect();
        let omitted =
            [(Level::Warning, self.omitted_warnings), (Level::Debug, self.omitted_details)];
        for (level, count) in omitted.into_iter().filter(|&(_, count)| count > 0) {
            reports.push(Report { level, message: format!("{count} further events like these") });
        }
        reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(message: &str) -> Report {
        Report { level: Level::Warning, message: message.into() }
    }

    #[test]
    fn equal_reports_are_one() {
        let mut reports = Reports::default();
        for message in ["gone", "back", "gone"] {
            reports.add(warning(message));
        }
        assert_eq!(reports.into_reports(), [warning("gone (2 times)"), warning("back")]);
    }

    #[test]
    fn reports_do_not_pile_up_and_details_do_not_crowd_out_warnings() {
        let mut reports = Reports::default();
        for number in 0..1000 {
            reports.add(Report { level: Level::Debug, message: number.to_string() });
        }
        for number in 0..1000 {
            reports.add(warning(&number.to_string()));
        }
        let taken = reports.into_reports();
        assert_eq!(taken.len(), 2 * (MOST_REPORTS + 1));
        assert_eq!(taken[2 * MOST_REPORTS], warning("936 further events like these"));
    }
}
