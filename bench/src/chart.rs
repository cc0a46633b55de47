//! The bar chart of docs/performance.md: how much slower each workload is with `race` and with the peer.

use std::path::Path;

use plotters::prelude::*;

use crate::error::Error;
use crate::record::{Record, Row};

/// The height of one workload's bars and the space below them.
const ROW: u32 = 26;
const WIDTH: u32 = 900;
/// Room for the title, the axis and its name.
const MARGINS: u32 = 90;
pub const NATIVE: RGBColor = RGBColor(0x80, 0x80, 0x80);
pub const RACE: RGBColor = RGBColor(0x1b, 0x6c, 0xa8);
pub const TSAN: RGBColor = RGBColor(0xd9, 0x8c, 0x3f);

/// Draws the whole-program tier's rows.
pub fn write(record: &Record, path: &Path) -> Result<(), Error> {
    draw(&record.whole_program.rows, path)
        .map_err(|reason| Error::NotWritten { path: path.to_owned(), reason: reason.to_string() })
}

fn draw(rows: &[Row], path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let count = rows.len();
    let height = ROW * u32::try_from(count)? + MARGINS;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    // The first row is on top; the middle of each.
    let height_of = |row: usize| (count - row) as f64 - 0.5;
    let bars: Vec<[Option<f64>; 2]> = rows
        .iter()
        .map(|row| [Some(row.race.times(&row.native)), row.tsan.as_ref().map(|tsan| tsan.times(&row.native))])
        .collect();
    let most = bars.iter().flatten().flatten().fold(2.0_f64, |most, bar| most.max(*bar));
    let mut chart = ChartBuilder::on(&area)
        .caption("Times slower than a plain build", ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(35)
        .y_label_area_size(140)
        .build_cartesian_2d((0.5..most * 2.0).log_scale(), 0.0..count as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .x_desc("times slower, logarithmic")
        .x_label_formatter(&|times| format!("{times}"))
        .y_labels(0)
        .draw()?;
    for (which, (name, color)) in [("race", RACE), ("tsan", TSAN)].into_iter().enumerate() {
        let drawn: Vec<_> = bars.iter().enumerate().filter_map(|(row, bars)| Some((row, bars[which]?))).collect();
        if drawn.is_empty() {
            continue;
        }
        let rectangles = drawn.iter().map(|(row, times)| {
            let top = height_of(*row) + 0.4 - 0.4 * which as f64;
            Rectangle::new([(0.5, top), (*times, top - 0.4)], color.filled())
        });
        chart
            .draw_series(rectangles)?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    // A line at what costs nothing.
    chart.draw_series([PathElement::new([(1.0, 0.0), (1.0, count as f64)], BLACK)])?;
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()?;
    for (number, row) in rows.iter().enumerate() {
        let (_, y) = chart.backend_coord(&(1.0, height_of(number)));
        let style = ("sans-serif", 13).into_text_style(&area).pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Center,
        ));
        area.draw(&Text::new(row.workload.name.clone(), (140, y), style))?;
    }
    area.present()?;
    Ok(())
}
